function Undo-QsmImport {
    <#
    .SYNOPSIS
    Removes the planned VM of an import that went wrong, and makes the error to throw.

    .DESCRIPTION
    With the planned VM gone, a refusal stays one: nothing was changed. A planned VM that cannot be removed, and any trouble
    after the import, is ImportFailed (failed). An imported VM stays: it has not run, and going home removes it.

    .PARAMETER VMId
    Id of the VM.

    .PARAMETER Cause
    The error that stopped the import.

    .PARAMETER Imported
    The VM is imported already.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (Undo-QsmImport -VMId $VMId -Cause $_ -Confirm:$false)
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [guid]$VMId,

        [Parameter(Mandatory = $true)]
        [System.Management.Automation.ErrorRecord]$Cause,

        [switch]$Imported
    )

    $left = Get-QsmText -Name 'left_no_vm'
    try {
        foreach ($planned in @(Get-QsmPlannedVM -VMId $VMId)) {
            if ($PSCmdlet.ShouldProcess($planned.vm_id, 'Remove the planned VM')) { Remove-QsmPlannedVM -PlannedVM $planned -Confirm:$false }
        }
        if ($null -ne (Get-QsmVMObject -VMId $VMId)) { $left = Get-QsmText -Name 'left_registered' }
        elseif ($Cause.FullyQualifiedErrorId -like 'ImportIncompatible*' -and -not $Imported) { return $Cause }
    } catch {
        $left = Get-QsmText -Name 'left_planned' -Value @{ cause = Get-QsmCause -ErrorRecord $_ }
    }
    ConvertTo-QsmFailure -Cause $Cause -Id 'ImportFailed' -Subject "$VMId" -Text 'import_failed' -Value @{ vm_id = $VMId; left = $left }
}
