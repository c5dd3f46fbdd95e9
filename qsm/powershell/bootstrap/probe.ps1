# Tells whether input reaches a process that runs, and what this host has of the module.
begin {
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue'
  function Test-Module([string]$Hash) {
    $root = Join-Path $env:ProgramData 'QuickStorageMigration'
    $script:folder = Join-Path $root "modules\$Hash\QuickStorageMigration"
    if ($Hash -notmatch '\A[0-9a-f]{64}\z' -or -not (Test-Path -LiteralPath $folder)) { return $false }
    if ((Get-Acl -LiteralPath $root).Sddl -notmatch '\AO:(BA|SY)G:.*?D:P') { return $false }
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
}
process {
  foreach ($line in $input) {
    if (-not $line.Trim()) { continue }
    $ask = ConvertFrom-Json -InputObject $line
    $found = [ordered]@{
      powershell_version = [string]$PSVersionTable.PSVersion
      language_mode      = [string]$ExecutionContext.SessionState.LanguageMode
      execution_policy   = ''
      installed          = $false
      administrator      = $false
    }
    if ($found.language_mode -eq 'FullLanguage') {
      try { $found.execution_policy = [string](Get-ExecutionPolicy) } catch { $found.execution_policy = '' }
      try { $found.installed = Test-Module $ask.module } catch { $found.installed = $false }
      try { $groups = & whoami.exe /groups /fo csv /nh } catch { $groups = '' }
      $found.administrator = "$groups" -match '"S-1-5-32-544"' -and "$groups" -match '"S-1-16-(12288|16384)"'
    }
    $answer = "@@QSM $($ask.call) " + (ConvertTo-Json -InputObject @{ ok = $true; result = $found } -Compress)
    if ($found.language_mode -ne 'FullLanguage') { Write-Output $answer; continue }
    [Console]::Out.WriteLine($answer)
    [Console]::Out.Flush()
  }
}
