function Test-QsmCompatibility {
    <#
    .SYNOPSIS
    Asks this host whether it can restore the memory of a VM of another host.

    .DESCRIPTION
    Msvm_VirtualSystemMigrationService.CheckSystemCompatibilityInfo returns 0 for yes and 32784 for no, with the reasons as
    embedded Msvm_Error instances, whose Message is text for people. Anything else, or no question: null.

    .PARAMETER Compatibility
    What Get-QsmCompatibility reported on the source, or null.

    .OUTPUTS
    System.Management.Automation.PSCustomObject: compatible (bool or null), incompatibilities (texts).

    .EXAMPLE
    Test-QsmCompatibility -Compatibility $text
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [AllowEmptyString()]
        [string]$Compatibility
    )

    $verdict = [PSCustomObject]@{ compatible = $null; incompatibilities = @() }
    if (-not $Compatibility) { return $verdict }
    try {
        $service = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_VirtualSystemMigrationService'
        $answer = Invoke-QsmWmi -InputObject $service -Method 'CheckSystemCompatibilityInfo' -Argument @{ CompatibilityInfo = [Convert]::FromBase64String($Compatibility) }
        $code = [long]$answer.ReturnValue
    } catch {
        $verdict.incompatibilities = @("The question failed: $($_.Exception.Message)")
        return $verdict
    }
    if ($code -eq 0) { $verdict.compatible = $true }
    if ($code -eq 32784) { $verdict.compatible = $false }
    $verdict.incompatibilities = @(foreach ($reason in @(Get-QsmProperty -InputObject $answer -Name 'Reasons' -Default @())) {
            if ([string]$reason -match '(?s)<PROPERTY NAME="Message"[^>]*>\s*<VALUE>(.*?)</VALUE>') { $Matches[1] } else { [string]$reason }
        })
    if ($null -eq $verdict.compatible -and $verdict.incompatibilities.Count -eq 0) { $verdict.incompatibilities = @("Hyper-V answered the question with return value $code.") }
    $verdict
}
