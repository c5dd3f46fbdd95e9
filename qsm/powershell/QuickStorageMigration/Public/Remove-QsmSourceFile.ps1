function Remove-QsmSourceFile {
    <#
    .SYNOPSIS
    Removes the moved VM's disk files from the source, last of all.

    .DESCRIPTION
    Only when the source has handed over and the target owns the VM (NotOwner otherwise, refused); only files of the chains that
    save_vm reported, one by one; folders only when empty. While the VM is registered here everything is kept.

    .PARAMETER TargetRecord
    The record of the target, as the target reported it.

    .PARAMETER Files
    Full paths of the files.

    .PARAMETER Folders
    Folders to remove if they are empty, in this order.

    .PARAMETER MigrationId
    Id of the migration.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of RemoveFilesResult.

    .EXAMPLE
    Remove-QsmSourceFile -TargetRecord $target -Files 'D:\VMs\web01\disk.vhdx' -Folders @() -MigrationId $MigrationId -Confirm:$false
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$TargetRecord,

        [AllowEmptyCollection()]
        [string[]]$Files = @(),

        [AllowEmptyCollection()]
        [string[]]$Folders = @(),

        [Parameter(Mandatory = $true)]
        [string]$MigrationId
    )

    Assert-QsmTargetOwns -MigrationId $MigrationId -TargetRecord $TargetRecord -Act (Get-QsmText -Name 'act_source_files_not_removed')
    if (-not $PSCmdlet.ShouldProcess($MigrationId, "Remove $($Files.Count) source files")) { return }
    $record = Get-QsmRecord -MigrationId $MigrationId
    if ($null -ne (Get-QsmVMObject -VMId $record.vm_id)) {
        return Remove-QsmListedFile -File $Files -Allowed @() -Folder @() -Reason (Get-QsmText -Name 'kept_still_registered' -Value @{ vm = $record.vm_name }) -Confirm:$false
    }
    $saved = @(Get-QsmSavedDisk -MigrationId $MigrationId | ForEach-Object { [string]$_.path })
    Remove-QsmListedFile -File $Files -Allowed $saved -Folder $Folders -Reason (Get-QsmText -Name 'kept_not_saved' -Value @{ migration = $MigrationId }) -Confirm:$false
}
