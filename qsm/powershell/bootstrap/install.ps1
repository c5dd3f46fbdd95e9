# Puts the module in place: into a folder of its own first, renamed when it is whole.
begin {
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue'
  $root = Join-Path $env:ProgramData 'QuickStorageMigration'
  $head = $null
  $failure = $null

  function Set-Security([string]$Path, [string]$Sddl, [string]$Sections) {
    $acl = Get-Acl -LiteralPath $Path
    $acl.SetSecurityDescriptorSddlForm($Sddl, $Sections)
    Set-Acl -LiteralPath $Path -AclObject $acl
  }

  function Open-Folder {
    if (-not (Test-Path -LiteralPath $root)) {
      # Closed before it has its name, so that nobody else can lay anything into it.
      $new = "$root.$([guid]::NewGuid())"
      [void](New-Item -ItemType Directory -Path $new)
      Set-Security $new 'O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)' 'Owner, Access'
      if (Get-ChildItem -LiteralPath $new -Force) { throw "$new is not empty" }
      Rename-Item -LiteralPath $new -NewName 'QuickStorageMigration'
    }
    if ((Get-Acl -LiteralPath $root).Sddl -notmatch '\AO:(BA|SY)G:.*?D:P') { throw "$root is not owned by Administrators or not closed to others" }
    $script:work = Join-Path $root "modules\$($head.module).$PID.new"
    foreach ($file in $head.files) {
      if ($file.path -notmatch '\A\w[\w./-]*\z' -or $file.path -match '\.\.') { throw "bad path $($file.path)" }
      [void](New-Item -ItemType File -Path (Join-Path $work "QuickStorageMigration\$($file.path)") -Force)
    }
  }
}
process {
  foreach ($line in $input) {
    if ($failure -or -not $line.Trim()) { continue }
    try {
      $item = ConvertFrom-Json -InputObject $line
      if (-not $head) { $head = $item; Open-Folder; continue }
      Add-Content -LiteralPath (Join-Path $work "QuickStorageMigration\$($item.path)") -Value ([Convert]::FromBase64String($item.data)) -Encoding Byte
    } catch { $failure = "$_" }
  }
}
end {
  try {
    if ($failure) { throw $failure }
    foreach ($file in $head.files) {
      $path = Join-Path $work "QuickStorageMigration\$($file.path)"
      if ((Get-FileHash -LiteralPath $path).Hash -ne $file.sha256) { throw "$path was altered on the way" }
    }
    foreach ($item in @(Get-Item -LiteralPath $work) + @(Get-ChildItem -LiteralPath $work -Recurse)) { Set-Security $item.FullName 'O:BA' 'Owner' }
    $final = Join-Path $root "modules\$($head.module)"
    if (Test-Path -LiteralPath $final) { Remove-Item -LiteralPath $final -Recurse -Force }
    Rename-Item -LiteralPath $work -NewName $head.module
    $answer = @{ ok = $true; result = @{ installed = $true } }
  } catch {
    ...
  }
}
