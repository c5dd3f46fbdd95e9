# Answers one call by the module. Needs the parts guard and answer.
$loaded = ''
$module = $null
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
    [Console]::Out.WriteLine($answer)
    [Console]::Out.Flush()
  } catch {
    Write-Answer $call @{ ok = $false; error = (Get-Failure $category $_); revision = $null; attempt = $null; repeated = $false; seconds = 0 }
  }
}
