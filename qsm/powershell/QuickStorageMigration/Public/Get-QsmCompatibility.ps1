function Get-QsmCompatibility {
    <#
    .SYNOPSIS
    Reports what another host needs to judge whether it can restore the memory of a VM.

    .DESCRIPTION
    Msvm_VirtualSystemMigrationService.GetSystemCompatibilityInfo gives an opaque block of bytes; the other host checks it
    with CheckSystemCompatibilityInfo. It travels as base64. Where Hyper-V gives none the answer is null: then nobody knows.

    .PARAMETER VMId
    Id of the VM.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the field compatibility.

    .EXAMPLE
    Get-QsmCompatibility -VMId $VMId
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId
    )

    [void](Get-QsmVMObject -VMId $VMId -Required)
    $space = 'root\virtualization\v2'
    $text = $null
    try {
        $system = Invoke-QsmWmi -Namespace $space -Class 'Msvm_ComputerSystem' -Filter "Name='$($VMId.ToString().ToUpperInvariant())'"
        $service = Invoke-QsmWmi -Namespace $space -Class 'Msvm_VirtualSystemMigrationService'
        $answer = Invoke-QsmWmi -InputObject $service -Method 'GetSystemCompatibilityInfo' -Argument @{ ComputerSystem = $system.__PATH }
        if ([long]$answer.ReturnValue -eq 0) { $text = [Convert]::ToBase64String([byte[]]$answer.CompatibilityInfo) }
    } catch {
        Write-Verbose -Message "No compatibility information of VM $VMId`: $($_.Exception.Message)"
    }
    [PSCustomObject]@{ compatibility = $text }
}
