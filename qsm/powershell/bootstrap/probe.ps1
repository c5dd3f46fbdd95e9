# Reports whether input reaches a process that runs, and what this host has of the module.
begin {
  #part settings
  #part root
  #part guard
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
