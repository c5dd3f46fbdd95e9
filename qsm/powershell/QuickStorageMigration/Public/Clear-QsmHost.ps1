function Clear-QsmHost {
    <#
    .SYNOPSIS
    Removes what no migration needs any more: ended migrations and other versions of this module.

    .DESCRIPTION
    A migration that has not ended, is held, has no readable record or is being worked on keeps its folder, and the answer
    says why. The module that runs stays, too.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of CleanHostResult.

    .EXAMPLE
    Clear-QsmHost -WhatIf
    #>
    [CmdletBinding(SupportsShouldProcess = $true)]
    [OutputType([PSCustomObject])]
    param()

    $removed = @()
    $kept = @()
    foreach ($id in @(Get-QsmMigrationId)) {
        $folder = Get-QsmMigrationFolder -MigrationId $id
        if (-not $PSCmdlet.ShouldProcess($folder, 'Remove an ended migration')) { continue }
        try {
            $why = Use-QsmLock -MigrationId $id -WaitSeconds 1 -ScriptBlock { Remove-QsmEndedMigration -MigrationId $id }
        } catch {
            $why = Get-QsmCause -ErrorRecord $_
        }
        if ($null -eq $why) { $removed += $folder } else { $kept += Get-QsmText -Name 'kept_migration' -Value @{ path = $folder; migration = $id; why = $why } }
    }
    $modules = Join-Path -Path (Get-QsmRoot) -ChildPath 'modules'
    $running = Split-Path -Path (Split-Path -Path $script:QsmModuleFolder -Parent) -Leaf
    if (Test-Path -LiteralPath $modules) {
        foreach ($module in @(Get-ChildItem -LiteralPath $modules -Directory | Sort-Object -Property Name)) {
            if ($module.Name -eq $running) {
                $kept += Get-QsmText -Name 'kept' -Value @{ path = $module.FullName; why = Get-QsmText -Name 'kept_running' }
            } elseif ($PSCmdlet.ShouldProcess($module.FullName, 'Remove a module')) {
                Remove-QsmFolder -Path $module.FullName
                $removed += $module.FullName
            }
        }
    }
    [PSCustomObject][ordered]@{ removed = $removed; kept = $kept }
}
