# Does calls for as long as this process lives.
begin {
  #part settings
  #part root
  #part guard
  #part answer
  #part calls
}
process {
  foreach ($line in $input) {
    if ($line.Trim()) { Invoke-Line $line }
  }
}
