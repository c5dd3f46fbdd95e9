# Where everything of this project lies, and whether it is owned by SYSTEM or Administrators and closed to others.
$root = Join-Path $env:ProgramData 'QuickStorageMigration'
function Test-Closed { (Get-Acl -LiteralPath $root).Sddl -match '\AO:(BA|SY)G:.*?D:P' }
