function Remove-QsmCopiedFile {
    <#
    .SYNOPSIS
    Removes what the migration has copied to the target, on the way back.

    .DESCRIPTION
    Only when the owner is none (NotOwner otherwise, refused), only destinations of this migration's copies, one by one, and
    folders only when empty. Anything else is kept and told.

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

    Assert-QsmOwnerNone -Record (Get-QsmRecord -MigrationId $MigrationId) -Act 'The copied files were not removed'
    if (-not $PSCmdlet.ShouldProcess($MigrationId, "Remove $($Files.Count) copied files")) { return }
    $copied = @(Get-QsmCopiedFile -MigrationId $MigrationId)
    Remove-QsmListedFile -File $Files -Allowed $copied -Folder $Folders -Reason "no copy of migration $MigrationId made it" -Confirm:$false
}
