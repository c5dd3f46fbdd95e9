# Puts the module in place: written beside, renamed when whole.
begin {
  #part settings
  #part root
  #part answer
  $items = @()

  function Set-Security($Path, $Sddl, $Sections) {
    $acl = Get-Acl $Path
    $acl.SetSecurityDescriptorSddlForm($Sddl, $Sections)
    Set-Acl $Path $acl
  }

  function Test-Whole($Folder) {
    foreach ($file in $head.files) {
      $path = "$Folder\QuickStorageMigration\$($file.path)"
      if (-not (Test-Path $path) -or (Get-FileHash $path).Hash -ne $file.sha256) { return }
    }
    @(Get-ChildItem $Folder -Recurse -Force -File).Count -eq $head.files.Count
  }
}
process {
  foreach ($line in $input) { if ($line.Trim()) { $items += ConvertFrom-Json $line } }
}
end {
  $head = $items[0]
  try {
    if (-not (Test-Path $root)) {
      # Closed before it has its name: nobody else can lay anything into it.
      $new = "$root.$PID"
      [void](New-Item $new -ItemType Directory)
      Set-Security $new 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)' 'Owner, Access'
      if (Get-ChildItem $new -Force) { throw "$new is not empty" }
      Rename-Item $new 'QuickStorageMigration'
    }
    if (-not (Test-Closed)) { throw "$root is not closed to others" }
    $final = "$root\modules\$($head.module)"
    if (-not (Test-Whole $final)) {
      $work = "$final.$PID"
      foreach ($file in $head.files) {
        if ($file.path -notmatch '\A[\w/-]+\.\w+\z') { throw "bad path $($file.path)" }
        $path = "$work\QuickStorageMigration\$($file.path)"
        [void](New-Item $path -ItemType File -Force)
        foreach ($item in $items) {
          if ($item.path -eq $file.path) { Add-Content $path ([Convert]::FromBase64String($item.data)) -Encoding Byte }
        }
      }
      if (-not (Test-Whole $work)) { throw "$work is not what was sent" }
      @(Get-Item $work) + @(Get-ChildItem $work -Recurse) | ForEach-Object { Set-Security $_.FullName 'O:BA' 'Owner' }
      if (Test-Path $final) { Remove-Item $final -Recurse -Force }
      Rename-Item $work $head.module
    }
    Write-Answer $head.call @{ ok = $true; result = @{ installed = $true } }
  } catch {
    Write-Answer $head.call @{ ok = $false; error = (Get-Failure 'failed' $_) }
  }
}
