# One marked line of ASCII, and what stands in it when this script itself fails.
function Write-Answer([string]$Call, $Content) {
  $json = ConvertTo-Json -InputObject $Content -Compress -Depth 4
  [Console]::Out.WriteLine("@@QSM $Call " + [regex]::Replace($json, '[^ -~]', { '\u{0:x4}' -f [int][char]$args[0].Value }))
  [Console]::Out.Flush()
}
function Get-Failure([string]$Category, $Cause) {
  @{ id = 'HostFailed'; category = $Category; retryable = $false; message = "${env:COMPUTERNAME}: $Cause"; subject = ''; hresult = $null; facts = @{} }
}
