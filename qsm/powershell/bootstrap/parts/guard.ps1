# Whether the module of this hash is in place and could not have been changed by others; $folder is where it lies. Needs
# the part root.
function Test-Module([string]$Hash) {
  $script:folder = Join-Path $root "modules\$Hash\QuickStorageMigration"
  if ($Hash -notmatch '\A[0-9a-f]{64}\z' -or -not (Test-Path -LiteralPath $folder) -or -not (Test-Closed)) { return $false }
  $lines = @()
  foreach ($item in @(Get-Item -LiteralPath $folder) + @(Get-ChildItem -LiteralPath $folder -Recurse -Force)) {
    if ((Get-Acl -LiteralPath $item.FullName).Sddl -notmatch '\AO:(BA|SY)G:') { return $false }
    if ($item.PSIsContainer) { continue }
    $lines += $item.FullName.Substring($folder.Length + 1).Replace('\', '/') + ' ' + (Get-FileHash -LiteralPath $item.FullName).Hash.ToLower() + "`n"
  }
  $lines = [string[]]$lines
  [Array]::Sort($lines, [StringComparer]::Ordinal)
  $bytes = [Text.Encoding]::UTF8.GetBytes(-join $lines)
  (Get-FileHash -InputStream (New-Object IO.MemoryStream (, $bytes))).Hash -eq $Hash
}
