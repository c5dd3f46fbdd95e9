# Does one call.
begin {
  #part settings
  #part root
  #part guard
  #part answer
  #part calls
  $done = $false
}
process {
  foreach ($line in $input) {
    if ($done -or -not $line.Trim()) { continue }
    $done = $true
    Invoke-Line $line
  }
}
