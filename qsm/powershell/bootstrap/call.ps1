# Does one call.
begin {
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue'
  $loaded = ''
  $module = $null
  $done = $false
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
  function Invoke-Line([string]$Line) {
    $call = '0'
    $category = 'refused'
    try {
      $ask = ConvertFrom-Json -InputObject $Line
      $call = $ask.call
      if ($script:loaded -ne $ask.module) {
        if (-not (Test-Module $ask.module)) { throw 'The module is not installed, was altered or has a foreign owner.' }
        $script:module = Import-Module -Name (Join-Path $folder 'QuickStorageMigration.psd1') -PassThru
        $script:loaded = $ask.module
      }
      $category = 'failed'
      $answer = & $module { Invoke-QsmOperation -Line $args[0] } $Line
    } catch {
      $facts = @{ id = 'HostFailed'; category = $category; retryable = $false; message = "${env:COMPUTERNAME}: $_"; subject = ''; hresult = $null; facts = @{} }
      $json = ConvertTo-Json -InputObject @{ ok = $false; error = $facts; revision = $null; attempt = $null; repeated = $false; seconds = 0 } -Compress -Depth 4
      $answer = "@@QSM $call " + [regex]::Replace($json, '[^ -~]', { '\u{0:x4}' -f [int][char]$args[0].Value })
    }
    [Console]::Out.WriteLine($answer)
    [Console]::Out.Flush()
  }
}
process {
  foreach ($line in $input) {
    if ($done -or -not $line.Trim()) { continue }
    $done = $true
    Invoke-Line $line
  }
}
