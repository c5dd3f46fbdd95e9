function Remove-QsmCopiedFile {
    <#
    .SYNOPSIS
    Removes what the migration has copied to the target, on the way back.

    .DESCRIPTION
    Only when the owner is none (NotOwner otherwise, refused), only files that copies of this migration put there, one by one,
    and folders only when empty. Anything else is kept and reported; everything while the VM is registered here, planned or not,
    after an import.

    .PARAMETER Files
    Full paths of the files.

    .PARAMETER Folders
    Folders to remove if they are empty, in this order.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RemoveFilesResult.

    .EXAMPLE
    Remove-QsmCopiedFile -Files 'E:\VMs\web01\disk.vhdx' -Folders 'E:\VMs\web01' -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [AllowEmptyCollection()]
        [string[]]$Files = @(),

        [AllowEmptyCollection()]
        [string[]]$Folders = @(),

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    $record = Get-QsmRecord -MigrationId $MigrationId
    Assert-QsmOwnerNone -Record $record -Act (Get-QsmText -Name 'act_files_not_removed')
    if (-not $PSCmdlet.ShouldProcess($MigrationId, "Remove $($Files.Count) copied files")) { return }
    $imported = @(Get-QsmOutcome -MigrationId $MigrationId -Operation 'import_vm' -State 'started', 'done', 'failed').Count -gt 0
    if ($imported -and ($null -ne (Get-QsmVMObject -VMId $record.vm_id) -or @(Get-QsmPlannedVM -VMId $record.vm_id).Count -gt 0)) {
        return Remove-QsmListedFile -File $Files -Allowed @() -Folder @() -Reason (Get-QsmText -Name 'kept_registered' -Value @{ vm = $record.vm_name }) -Confirm:$false
    }
    $made = @(Get-QsmMadeFile -MigrationId $MigrationId)
    Remove-QsmListedFile -File $Files -Allowed $made -Folder $Folders -Reason (Get-QsmText -Name 'kept_not_copied' -Value @{ migration = $MigrationId }) -Confirm:$false
}
