# Stand-ins for the cmdlets of Windows that the functions under test call: Hyper-V, WMI, SMB, BITS, Task Scheduler, access
# lists. The world of a test is $global:World; files are real. They obey the rules that the functions depend on and refuse
# what Windows refuses; $World.fail makes a cmdlet fail with an HRESULT, $World.calls lists the changing ones.

# .NET tells EAGAIN of this machine's system where it tells a sharing violation on Windows.
Update-TypeData -TypeName System.IO.IOException -MemberType ScriptProperty -MemberName HResult -Force -Value {
    $number = [System.Exception].GetProperty('HResult').GetValue($this.PSObject.BaseObject)
    if ($number -eq 11) { -2147024864 } else { $number }
}

function Reset-World {
    $global:World = @{
        vms = [ordered]@{}; planned = [ordered]@{}; vhd = @{}; acl = @{}; shares = @{}; tasks = @{}; jobs = @(); fail = @{}; calls = @()
        switches = @('LAN', 'DMZ'); accounts = @{ 'LAB\HV02$' = 'S-1-5-21-10-20-30-1102' }; isos = @()
        volumes = @(@{ Name = 'C:\'; FreeSpace = 50GB; Capacity = 100GB }, @{ Name = 'D:\'; FreeSpace = 500GB; Capacity = 1000GB })
        mounts = @(); options = @{ task = 'run'; shutdown = $true; transfers = 0 }; wmiJobs = @{}; storageJobs = @(); compatibility = 0; smb = $true; closed = @()
    }
}
Reset-World

function Enter-Cmdlet([string]$Name) {
    $World.calls += $Name
    if ($World.fail.ContainsKey($Name)) { throw [Runtime.InteropServices.Marshal]::GetExceptionForHR([int]('0x{0:X8}' -f $World.fail[$Name])) }
}
function ConvertTo-Type($Object, [string]$Type) { $Object.PSObject.TypeNames.Insert(0, "Microsoft.HyperV.PowerShell.$Type"); $Object }
function ConvertTo-VMSid([guid]$Id) { $b = $Id.ToByteArray(); 'S-1-5-83-1-' + ((0, 4, 8, 12 | ForEach-Object { [BitConverter]::ToUInt32($b, $_) }) -join '-') }

# --- Hyper-V

function New-WorldVM {
    param([guid]$Id, [string]$Name, [string]$State = 'Running', [string]$Folder, [hashtable[]]$Disks = @(), [string]$Switch = 'LAN', [int]$Vlan = 0, [string]$Dvd = '')
    $vm = [PSCustomObject]@{
        Id = $Id; Name = $Name; State = $State; Generation = 2; Version = '9.0'; Path = $Folder; ConfigurationLocation = $Folder
        SnapshotFileLocation = $Folder; SmartPagingFilePath = $Folder; OperationalStatus = @('Ok'); Uptime = [TimeSpan]::FromSeconds(12.5)
        MemoryAssigned = 1GB; MemoryStartup = 1GB; MemoryMaximum = 2GB; DynamicMemoryEnabled = $false; ProcessorCount = 2
        AutomaticStartAction = 'StartIfRunning'; AutomaticStopAction = 'Save'; CheckpointType = 'ProductionOnly'; IsClustered = $false
        ReplicationMode = 'None'; Notes = 'old notes'; HardDrives = @(); NetworkAdapters = @(); DVDDrives = @(); Snapshots = @()
    }
    $vm.HardDrives = @($Disks | ForEach-Object { New-Drive $_ })
    $vlanSetting = [PSCustomObject]@{ OperationMode = $(if ($Vlan) { 'Access' } else { 'Untagged' }); AccessVlanId = $Vlan; NativeVlanId = 0; AllowedVlanIdListString = ''; PrimaryVlanId = 0; SecondaryVlanId = 0 }
    $vm.NetworkAdapters = @(ConvertTo-Type ([PSCustomObject]@{ Id = "Microsoft:$Id\A1"; Name = 'Network Adapter'; MacAddress = '00155D000001'; DynamicMacAddressEnabled = $true; IsLegacy = $false; SwitchName = $Switch; VlanSetting = $vlanSetting; IovWeight = 0 }) 'VMNetworkAdapter')
    $vm.DVDDrives = @(ConvertTo-Type ([PSCustomObject]@{ Path = $Dvd; ControllerType = 'SCSI'; ControllerNumber = 0; ControllerLocation = 9 }) 'DvdDrive')
    ConvertTo-Type $vm 'VirtualMachine'
}
function New-Drive([hashtable]$Disk) {
    $type, $place = $Disk.slot -split ' '
    $number, $location = $place -split ':'
    $id = 'Microsoft:VM\{0}\{1}\{2}\D' -f $(if ($type -eq 'IDE') { '83F8638B-8DCA-4152-9EDA-2CA8B33039B4' } else { "00000000-0000-0000-0000-00000000000$number" }), $(if ($type -eq 'IDE') { $number } else { 0 }), $location
    ConvertTo-Type ([PSCustomObject]@{ Id = $id; ControllerType = $type; ControllerNumber = [int]$number; ControllerLocation = [int]$location; Path = $Disk.path; DiskNumber = $Disk.disk_number; SupportPersistentReservations = [bool]$Disk.shared }) 'HardDiskDrive'
}
function Add-WorldVM { $vm = New-WorldVM @args; $World.vms[[string]$vm.Id] = $vm; if (-not (Test-Path -LiteralPath "$($vm.Path)\Virtual Machines")) { [void](New-Item -ItemType Directory -Path "$($vm.Path)\Virtual Machines" -Force) } }

function Get-VM {
    [CmdletBinding()]
    param([guid]$Id)
    if ($World.fail.ContainsKey('Get-VM')) { Enter-Cmdlet 'Get-VM' }
    if (-not $PSBoundParameters.ContainsKey('Id')) { return $World.vms.Values }
    if ($World.vms.Contains([string]$Id)) { return $World.vms[[string]$Id] }
    Write-Error -Message "Hyper-V hat keine VM $Id" -ErrorId 'InvalidParameter' -Category InvalidArgument
}
function Get-VMHost { [CmdletBinding()]param() Enter-Cmdlet 'Get-VMHost'; [PSCustomObject]@{ Name = $env:COMPUTERNAME; LogicalProcessorCount = 12 } }
function Get-VMHostSupportedVersion { [CmdletBinding()]param() [PSCustomObject]@{ Version = [version]'8.0' }; [PSCustomObject]@{ Version = [version]'9.0' } }
function Get-VMSwitch { [CmdletBinding()]param() $World.switches | ForEach-Object { [PSCustomObject]@{ Name = $_; Id = [guid]'0f000000-0000-0000-0000-00000000000A'; SwitchType = 'External' } } }
function Get-VMHardDiskDrive { [CmdletBinding()]param($VM) $VM.HardDrives }
function Get-VMDvdDrive { [CmdletBinding()]param($VM) $VM.DVDDrives }
function Get-VMNetworkAdapter { [CmdletBinding()]param($VM) $VM.NetworkAdapters }
function Get-VMNetworkAdapterVlan { [CmdletBinding()]param($VMNetworkAdapter) $VMNetworkAdapter.VlanSetting }
function Get-VMProcessor { [CmdletBinding()]param($VM) Enter-Cmdlet 'Get-VMProcessor'; [PSCustomObject]@{ CompatibilityForMigrationEnabled = $true } }
function Get-VMSnapshot { [CmdletBinding()]param($VM, [guid]$Id) if ($VM) { $VM.Snapshots } else { $World.vms.Values | ForEach-Object { $_.Snapshots } | Where-Object { $_.Id -eq $Id } } }
function Get-VMFibreChannelHba { [CmdletBinding()]param($VM) Enter-Cmdlet 'Get-VMFibreChannelHba' }
function Get-VMAssignableDevice { [CmdletBinding()]param($VM) if ($World.options.dda) { [PSCustomObject]@{ Name = 'GPU 1' } } }
function Get-VMSecurity { [CmdletBinding()]param($VM) [PSCustomObject]@{ TpmEnabled = [bool]$World.options.tpm; Shielded = $false; EncryptStateAndVmMigrationTraffic = $false; KsdEnabled = $false } }

function Get-VHD {
    [CmdletBinding()]
    param([string]$Path)
    Enter-Cmdlet 'Get-VHD'
    if (-not (Test-Path -LiteralPath $Path)) { throw "Get-VHD: '$Path' fehlt" }
    $known = $World.vhd[$Path]
    [PSCustomObject]@{
        Path = $Path; VhdFormat = $(if ($Path -like '*.*vhdx') { 'VHDX' } else { 'VHD' }); Size = [uint64]64MB
        VhdType = $(if ($known -and $known.parent) { 'Differencing' } elseif ($known) { $known.type } else { 'Dynamic' })
        ParentPath = $(if ($known) { [string]$known.parent } else { '' }); DiskIdentifier = '0F1E2D3C-0000-0000-0000-000000000001'
    }
}
function Set-VHD { [CmdletBinding(SupportsShouldProcess = $true)]param([string]$Path, [string]$ParentPath) Enter-Cmdlet 'Set-VHD'; if (-not (Test-Path -LiteralPath $ParentPath)) { throw 'kein Parent' }; $World.vhd[$Path] = @{ parent = $ParentPath } }
function Test-VHD { [CmdletBinding()]param([string]$Path) Enter-Cmdlet 'Test-VHD'; $true }
function Merge-VHD {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Path, [string]$DestinationPath, [switch]$Force)
    Enter-Cmdlet 'Merge-VHD'
    $step = $Path
    while ($step -ne $DestinationPath) { if (-not $World.vhd[$step]) { throw 'Kette' }; $step = $World.vhd[$step].parent }
}
function Checkpoint-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VM, [string]$SnapshotName, [switch]$Passthru)
    Enter-Cmdlet 'Checkpoint-VM'
    $World.calls += "type $($VM.CheckpointType)"
    $guid = [guid]::NewGuid()
    foreach ($drive in $VM.HardDrives) {
        $base = $drive.Path
        $leaf = "$($base -replace '\.vhdx\z', '')_$guid.avhdx"
        Copy-Item -LiteralPath $base -Destination $leaf
        $World.vhd[$leaf] = @{ parent = $base }
        if (-not $World.options.halfCheckpoint) { $drive.Path = $leaf }
        if ($World.options.holdsBase) { $World.held = New-Object -TypeName System.IO.FileStream -ArgumentList $PSCmdlet.GetUnresolvedProviderPathFromPSPath($base), 'Open', 'Read', 'None' }
    }
    $snapshot = [PSCustomObject]@{ Id = $guid; Name = $SnapshotName; SnapshotType = 'Standard'; VM = $VM }
    $VM.Snapshots += $snapshot
    $snapshot
}
function Complete-WorldMerge($VM) {
    foreach ($drive in $VM.HardDrives) { $leaf = $drive.Path; if ($World.vhd[$leaf].parent) { $drive.Path = $World.vhd[$leaf].parent; Remove-Item -LiteralPath $leaf } }
    $VM.OperationalStatus = @('Ok')
}
function Remove-VMSnapshot {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VMSnapshot)
    Enter-Cmdlet 'Remove-VMSnapshot'
    $vm = $VMSnapshot.VM
    $vm.Snapshots = @($vm.Snapshots | Where-Object { $_.Id -ne $VMSnapshot.Id })
    if ($World.options.slowMerge) { $vm.OperationalStatus = @('Ok', 'MergingDisks') } else { Complete-WorldMerge $vm }
}
function Set-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VM, [string]$AutomaticStartAction, [string]$CheckpointType, [string]$Notes)
    Enter-Cmdlet 'Set-VM'
    foreach ($name in 'AutomaticStartAction', 'CheckpointType', 'Notes') { if ($PSBoundParameters.ContainsKey($name)) { $VM.$name = $PSBoundParameters[$name] } }
}
function Get-StatePath($VM) { "$($VM.ConfigurationLocation)\Virtual Machines\$(([string]$VM.Id).ToUpperInvariant()).vmrs" }
function Save-VM { [CmdletBinding(SupportsShouldProcess = $true)]param($VM) Enter-Cmdlet 'Save-VM'; $VM.State = 'Saved'; Set-Content -LiteralPath (Get-StatePath $VM) -Value 'memory' }
function Start-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($VM)
    if ($World.options.runsBriefly) { Set-Content -LiteralPath (Get-StatePath $VM) -Value 'memory after a short run' }
    Enter-Cmdlet 'Start-VM'
    $VM.State = 'Running'
    if (Test-Path -LiteralPath (Get-StatePath $VM)) { Remove-Item -LiteralPath (Get-StatePath $VM) }
}
function Suspend-VM { [CmdletBinding(SupportsShouldProcess = $true)]param($VM) Enter-Cmdlet 'Suspend-VM'; $VM.State = 'Paused' }
function Resume-VM { [CmdletBinding(SupportsShouldProcess = $true)]param($VM) Enter-Cmdlet 'Resume-VM'; $VM.State = 'Running' }
function Remove-VM { [CmdletBinding(SupportsShouldProcess = $true)]param($VM, [switch]$Force) Enter-Cmdlet 'Remove-VM'; $World.vms.Remove([string]$VM.Id); $World.planned.Remove([string]$VM.Id) }

function Find-Incompatibility($VM) {
    foreach ($adapter in $VM.NetworkAdapters) { if ($adapter.SwitchName -and $World.switches -notcontains $adapter.SwitchName) { [PSCustomObject]@{ MessageId = 33012; Message = "Switch '$($adapter.SwitchName)' nicht gefunden"; Source = $adapter } } }
    foreach ($drive in $VM.HardDrives) { if (-not (Test-Path -LiteralPath $drive.Path)) { [PSCustomObject]@{ MessageId = 40010; Message = "'$($drive.Path)' nicht gefunden"; Source = $drive } } }
    foreach ($drive in $VM.DVDDrives) { if ($drive.Path) { [PSCustomObject]@{ MessageId = 40011; Message = 'kein Abbild'; Source = $drive } } }
    if ($World.options.foreignFinding) { [PSCustomObject]@{ MessageId = 21026; Message = 'anderer Prozessor'; Source = $VM } }
}
function Compare-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Path, [switch]$Register, $CompatibilityReport)
    Enter-Cmdlet 'Compare-VM'
    if ($CompatibilityReport) { $CompatibilityReport.Incompatibilities = @(Find-Incompatibility $CompatibilityReport.VM); return $CompatibilityReport }
    $told = Get-Content -LiteralPath $Path -Raw | ConvertFrom-Json
    if ($World.planned.Contains($told.id)) { throw [Runtime.InteropServices.Marshal]::GetExceptionForHR([int]'0x80070020') }
    $folder = Split-Path -Path (Split-Path -Path $Path -Parent) -Parent
    $vm = New-WorldVM -Id $told.id -Name $told.name -State $told.state -Folder $folder -Switch $told.switch -Vlan $told.vlan -Dvd $told.dvd -Disks @($told.disks | ForEach-Object { @{ slot = $_.slot; path = $_.path } })
    $World.planned[[string]$told.id] = $vm
    [PSCustomObject]@{ VM = $vm; Incompatibilities = @(Find-Incompatibility $vm); Path = $Path }
}
function Import-VM {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($CompatibilityReport)
    Enter-Cmdlet 'Import-VM'
    if (@(Find-Incompatibility $CompatibilityReport.VM).Count) { throw 'Konfigurationsfehler' }
    $vm = $CompatibilityReport.VM
    $World.planned.Remove([string]$vm.Id)
    $World.vms[[string]$vm.Id] = $vm
    if ($World.options.losesMemory) { $vm.State = 'Off' }
    if ($World.options.losesVlan) { $vm.NetworkAdapters[0].VlanSetting.OperationMode = 'Untagged'; $vm.NetworkAdapters[0].VlanSetting.AccessVlanId = 0 }
    if (-not $World.options.noGrant) { foreach ($drive in $vm.HardDrives) { Add-Ace $drive.Path "(A;;FA;;;$(ConvertTo-VMSid $vm.Id))" } }
    $vm
}
function Set-VMHardDiskDrive { [CmdletBinding(SupportsShouldProcess = $true)]param($VMHardDiskDrive, [string]$Path) Enter-Cmdlet 'Set-VMHardDiskDrive'; $VMHardDiskDrive.Path = $Path }
function Set-VMDvdDrive { [CmdletBinding(SupportsShouldProcess = $true)]param($VMDvdDrive, [string]$Path) Enter-Cmdlet 'Set-VMDvdDrive'; $VMDvdDrive.Path = $Path }
function Connect-VMNetworkAdapter { [CmdletBinding(SupportsShouldProcess = $true)]param($VMNetworkAdapter, $VMSwitch) Enter-Cmdlet 'Connect-VMNetworkAdapter'; $SwitchName = $VMSwitch.Name; if ($World.switches -notcontains $SwitchName) { throw 'kein Switch' }; $VMNetworkAdapter.SwitchName = $SwitchName }
function Disconnect-VMNetworkAdapter { [CmdletBinding(SupportsShouldProcess = $true)]param($VMNetworkAdapter) Enter-Cmdlet 'Disconnect-VMNetworkAdapter'; $VMNetworkAdapter.SwitchName = '' }
function Set-VMNetworkAdapterVlan { [CmdletBinding(SupportsShouldProcess = $true)]param($VMNetworkAdapter, [switch]$Access, [int]$VlanId, [switch]$Untagged) Enter-Cmdlet 'Set-VMNetworkAdapterVlan'; $VMNetworkAdapter.VlanSetting.OperationMode = $(if ($Access) { 'Access' } else { 'Untagged' }); $VMNetworkAdapter.VlanSetting.AccessVlanId = $VlanId }

# --- WMI

$EnabledStates = @{ Running = 2; Off = 3; Stopping = 4; Saved = 6; Paused = 9; Starting = 10; Saving = 32773 }
$OperationalStatuses = @{ Ok = 2; Degraded = 3; InService = 11; PredictiveFailure = 5; MergingDisks = 32772; BackingUpVirtualMachine = 32776; CreatingSnapshot = 32768; NewInSomeVersion = 40000 }

function Get-WmiObject {
    [CmdletBinding()]
    param([string]$Namespace, [string]$Class, [string]$Filter, [string]$Query)
    if ($World.fail.ContainsKey("WMI $Class")) { Enter-Cmdlet "WMI $Class" }
    $wanted = if ($Filter -match "='([^']*)'") { $Matches[1] } else { $null }
    if ($Query -match 'InstanceID="Microsoft:([^"]+)".*ResultClass=Msvm_StorageAllocationSettingData') {
        return $World.vms[$Matches[1]].HardDrives | Where-Object { $_.Path -and $null -eq $_.DiskNumber } | ForEach-Object { [PSCustomObject]@{ InstanceID = $_.Id -replace 'D\z', 'L'; ResourceSubType = 'Microsoft:Hyper-V:Virtual Hard Disk'; HostResource = @($_.Path) } }
    }
    if ($Query -match ',Name="([^"]+)".*AssocClass=Msvm_SnapshotOfVirtualSystem') {
        return $World.vms[$Matches[1]].Snapshots | Where-Object { $_ } | ForEach-Object { [PSCustomObject]@{ InstanceID = "Microsoft:$($_.Id)".ToUpperInvariant().Replace('MICROSOFT', 'Microsoft'); ElementName = $_.Name; VirtualSystemType = "Microsoft:Hyper-V:Snapshot:$(if ($_.SnapshotType -eq 'Standard') { 'Realized' } else { $_.SnapshotType })"; CreationTime = '20300131000000.000000+000' } }
    }
    if ($Query -match 'ASSOCIATORS OF \{.*Name="([^"]+)"') {
        $setting = [PSCustomObject]@{ CopySnapshotConfiguration = 0; CopyVmRuntimeInformation = $false; CopyVmStorage = $true; CreateVmExportSubdirectory = $true; DisableDifferentialOfIgnoredStorage = $false; SnapshotVirtualSystem = '' }
        return $setting | Add-Member -MemberType ScriptMethod -Name GetText -Value { param($form) if ($form -ne 1) { throw 'form' }; $this | ConvertTo-Json -Compress } -PassThru
    }
    switch ($Class) {
        'Win32_OperatingSystem' { [PSCustomObject]@{ Caption = 'Microsoft Windows Server 2022 Standard '; BuildNumber = '20348'; FreePhysicalMemory = [uint64]1024; SystemDrive = 'C:'; LastBootUpTime = '20300131020000.500000+060' } }
        'Win32_ComputerSystem' { [PSCustomObject]@{ Name = $env:COMPUTERNAME; DNSHostName = $env:COMPUTERNAME; Domain = 'lab.example'; PartOfDomain = $true } }
        'Win32_NTDomain' { [PSCustomObject]@{ DomainName = 'LAB'; DnsForestName = 'lab.example' }; [PSCustomObject]@{ DomainName = $null; DnsForestName = $null } }
        'Win32_Processor' { [PSCustomObject]@{ Manufacturer = 'GenuineIntel'; Name = 'Processor  ' } }
        'Win32_Service' { if ($wanted -eq 'BITS') { [PSCustomObject]@{ Name = 'BITS'; StartMode = 'Manual' } } elseif ($World.options.cluster) { [PSCustomObject]@{ Name = 'ClusSvc'; StartMode = 'Auto' } } }
        'MSCluster_Cluster' { [PSCustomObject]@{ Name = $World.options.cluster } }
        'Win32_UserAccount' { if ($Filter -match "Domain='([^']*)' AND Name='([^']*)'" -and $World.accounts["$($Matches[1])\$($Matches[2])"]) { [PSCustomObject]@{ SID = $World.accounts["$($Matches[1])\$($Matches[2])"] } } }
        'Win32_Volume' { $World.volumes | ForEach-Object { [PSCustomObject]@{ Name = $_.Name; DeviceID = "\\?\Volume{$($_.Name.Length)}\"; FreeSpace = [uint64]$_.FreeSpace; Capacity = [uint64]$_.Capacity; FileSystem = 'NTFS'; DriveType = 3 } } }
        'Win32_MountPoint' { $World.mounts | ForEach-Object { [PSCustomObject]@{ Directory = "Win32_Directory.Name=`"$($_.Path.Replace('\', '\\'))`""; Volume = "Win32_Volume.DeviceID=`"\\\\?\\Volume{$($_.Of.Length)}\\`"" } } }
        'Msvm_ComputerSystem' { if ($null -eq $wanted) { [PSCustomObject]@{ Name = $env:COMPUTERNAME; ElementName = $env:COMPUTERNAME } }; $World.vms.Values | Where-Object { $null -eq $wanted -or $_.Id -eq $wanted } | ForEach-Object { [PSCustomObject]@{ Name = ([string]$_.Id).ToUpperInvariant(); ElementName = $_.Name; EnabledState = $EnabledStates[[string]$_.State]; HealthState = [uint16]5; OperationalStatus = [uint16[]]@($_.OperationalStatus | ForEach-Object { $OperationalStatuses[[string]$_] }); __PATH = "\\.\Msvm_ComputerSystem.Name=`"$($_.Id)`""; __RELPATH = "Msvm_ComputerSystem.CreationClassName=`"Msvm_ComputerSystem`",Name=`"$($_.Id)`"" } } }
        'Msvm_PlannedComputerSystem' { $World.planned.Values | Where-Object { $null -eq $wanted -or $_.Id -eq $wanted } | ForEach-Object { [PSCustomObject]@{ Name = ([string]$_.Id).ToUpperInvariant(); ElementName = $_.Name; __PATH = "planned `"$($_.Id)`"" } } }
        'Msvm_VirtualSystemSettingData' { $World.vms.Values | Where-Object { "Microsoft:$($_.Id)" -eq $wanted } | ForEach-Object { $row = [PSCustomObject]@{ InstanceID = $wanted }; if ($_.PSObject.Properties['CheckpointType'] -and $_.CheckpointType) { $row | Add-Member -NotePropertyName UserSnapshotType -NotePropertyValue @{ Disabled = 2; Production = 3; ProductionOnly = 4; Standard = 5 }[[string]$_.CheckpointType] }; $row }; $World.planned.Values | Where-Object { $_.Id -eq $wanted } | ForEach-Object { [PSCustomObject]@{ VirtualSystemType = 'Microsoft:Hyper-V:System:Planned'; ConfigurationDataRoot = $_.ConfigurationLocation; SnapshotDataRoot = $_.SnapshotFileLocation; Version = '9.0'; VirtualSystemSubType = 'Microsoft:Hyper-V:SubType:2' } } }
        'Msvm_StorageAllocationSettingData' { foreach ($vm in $World.planned.Values) { foreach ($drive in $vm.HardDrives) { [PSCustomObject]@{ InstanceID = "Microsoft:$($vm.Id)\83F8638B"; HostResource = @($drive.Path) } } } }
        'Msvm_ShutdownComponent' { [PSCustomObject]@{ SystemName = $wanted; EnabledState = [uint16]2; OperationalStatus = [uint16[]]@(2) } }
        'Msvm_ConcreteJob' { $World.wmiJobs[$wanted] }
        'Msvm_StorageJob' { $World.storageJobs }
        { $_ -like 'Msvm_*Service' } { [PSCustomObject]@{ Name = $Class } }
        default { throw "Ungueltige Klasse '$Class'" }
    }
}
function Invoke-WmiMethod {
    [CmdletBinding()]
    param($InputObject, [string]$Name, [object[]]$ArgumentList)
    Enter-Cmdlet "WMI $Name"
    switch ($Name) {
        'GetSystemCompatibilityInfo' { [PSCustomObject]@{ ReturnValue = [uint32]0; CompatibilityInfo = [byte[]](1, 2, 3) } }
        'CheckSystemCompatibilityInfo' {
            if ($ArgumentList[0] -isnot [byte[]]) { throw 'kein byte[]' }
            $reasons = @(if ($World.compatibility) { '<INSTANCE CLASSNAME="Msvm_Error"><PROPERTY NAME="Message" TYPE="string"><VALUE>andere CPU</VALUE></PROPERTY></INSTANCE>' })
            [PSCustomObject]@{ ReturnValue = [uint32]$World.compatibility; Reasons = [string[]]$reasons }
        }
        'InitiateShutdown' {
            if ($ArgumentList[0] -ne $false) { throw 'Force' }
            if ($World.options.shutdown) { foreach ($vm in $World.vms.Values) { $vm.State = 'Off' } }
            [PSCustomObject]@{ ReturnValue = [uint32]$(if ($World.options.noIntegration) { 32768 } else { 0 }) }
        }
        'DestroySystem' { $World.planned.Remove([regex]::Match($ArgumentList[0], '"(.*)"').Groups[1].Value); [PSCustomObject]@{ ReturnValue = [uint32]0 } }
        'ExportSystemDefinition' { Export-World @ArgumentList }
    }
}
function Export-World([string]$System, [string]$Folder, [string]$Setting) {
    $id = [regex]::Match($System, '"(.*)"').Groups[1].Value
    $told = ConvertFrom-Json -InputObject $Setting
    if ($told.CopyVmStorage -or $told.CreateVmExportSubdirectory -or -not $told.CopyVmRuntimeInformation -or -not $told.DisableDifferentialOfIgnoredStorage -or $told.CopySnapshotConfiguration -ne 1) { return [PSCustomObject]@{ ReturnValue = [uint32]32773 } }
    $vm = $World.vms[$id]
    [void](New-Item -ItemType Directory -Path "$Folder\Virtual Machines")
    $disks = @($vm.HardDrives | ForEach-Object { @{ slot = "$($_.ControllerType) $($_.ControllerNumber):$($_.ControllerLocation)"; path = $_.Path } })
    $facts = @{ id = $id; name = $vm.Name; state = $vm.State; switch = $vm.NetworkAdapters[0].SwitchName; vlan = $vm.NetworkAdapters[0].VlanSetting.AccessVlanId; dvd = $vm.DVDDrives[0].Path; disks = $disks }
    Set-Content -LiteralPath "$Folder\Virtual Machines\$($id.ToUpperInvariant()).vmcx" -Value (ConvertTo-Json -InputObject $facts -Depth 5)
    if ($vm.State -eq 'Saved') { Copy-Item -LiteralPath (Get-StatePath $vm) -Destination "$Folder\Virtual Machines\$($id.ToUpperInvariant()).vmrs" }
    if ($World.options.exportsDisks) { Set-Content -LiteralPath "$Folder\Virtual Machines\extra.avhdx" -Value 'child' }
    $World.wmiJobs['JOB1'] = [PSCustomObject]@{ JobState = [uint16]$(if ($World.options.exportFails) { 10 } else { 7 }); ErrorCode = [uint16]32768; ErrorDescription = 'Fehler' }
    [PSCustomObject]@{ ReturnValue = [uint32]4096; Job = '\\HV01\root\virtualization\v2:Msvm_ConcreteJob.InstanceID="JOB1"' }
}
function Get-WSManInstance { [CmdletBinding()]param([string]$ResourceURI) Enter-Cmdlet 'Get-WSManInstance'; [PSCustomObject]@{ MaxShellsPerUser = '30'; MaxProcessesPerShell = '25'; MaxMemoryPerShellMB = '1024' } }
function Test-NetConnection { [CmdletBinding()]param([string]$ComputerName, [int]$Port, [string]$InformationLevel) $World.smb }

# --- access lists, shares

function Add-Ace([string]$Path, [string]$Ace) { $key = $Path.ToLowerInvariant(); $World.acl[$key] = @(@($World.acl[$key] | Where-Object { $_ -and $_ -ne $Ace }) + $Ace) }
function Get-Acl {
    [CmdletBinding()]
    param([string]$LiteralPath)
    if (-not (Test-Path -LiteralPath $LiteralPath)) { throw "'$LiteralPath' fehlt" }
    $aces = @($World.acl[$LiteralPath.ToLowerInvariant()] | Where-Object { $_ })
    $rules = @([PSCustomObject]@{ IdentityReference = 'BUILTIN\Administrators'; FileSystemRights = 'FullControl'; AccessControlType = 'Allow'; IsInherited = $true })
    $rules += @($aces | ForEach-Object { [PSCustomObject]@{ IdentityReference = [regex]::Match($_, 'S-[^)]+').Value; FileSystemRights = 'Read, Synchronize'; AccessControlType = 'Allow'; IsInherited = $false } })
    $flags = if ($World.closed -contains $LiteralPath) { 'PAI' } else { 'AI' }
    $told = [PSCustomObject]@{ Sddl = "O:BAG:DUD:$flags$(-join $aces)(A;ID;FA;;;BA)(A;OICIIOID;GA;;;CO)"; Access = $rules }
    $told | Add-Member -MemberType ScriptMethod -Name SetSecurityDescriptorSddlForm -Value { param($sddl, $sections) $this.Sddl = $sddl } -PassThru
}
function Set-Acl {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$LiteralPath, $AclObject)
    Enter-Cmdlet 'Set-Acl'
    if ($AclObject.Sddl -cne 'O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)') { throw 'sddl' }
    $World.closed += $LiteralPath
}
function icacls.exe {
    $global:LASTEXITCODE = 0
    $World.calls += "icacls $($args -join ' ')"
    if ($World.fail.ContainsKey('icacls')) { $global:LASTEXITCODE = $World.fail['icacls']; return }
    $path, $verb, $what = $args | ForEach-Object { $_ }
    if (-not (Test-Path -LiteralPath $path)) { $global:LASTEXITCODE = 2; return }
    $sid = [regex]::Match($what, 'S-[0-9-]+').Value
    if ($verb -eq '/grant') { Add-Ace $path "(A;;$(if ($what -like '*(F)') { 'FA' } else { '0x120089' });;;$sid)" }
    if ($verb -eq '/remove:g') { $World.acl[$path.ToLowerInvariant()] = @($World.acl[$path.ToLowerInvariant()] | Where-Object { $_ -and $_ -notlike "*$sid)" }) }
}
function Get-SmbShare { [CmdletBinding()]param() [PSCustomObject]@{ Name = 'C$'; Path = 'C:\'; SecurityDescriptor = '' }; $World.shares.Values }
function New-SmbShare {
    [CmdletBinding()]
    param([string]$Name, [string]$Path, [string[]]$ReadAccess, [string]$CachingMode, [switch]$Temporary)
    Enter-Cmdlet 'New-SmbShare'
    if (-not $Temporary -or $CachingMode -ne 'None') { throw 'not temporary' }
    $World.shares[$Name] = [PSCustomObject]@{ Name = $Name; Path = $Path; SecurityDescriptor = "O:BAG:DUD:$(-join ($ReadAccess | ForEach-Object { "(A;;0x1200a9;;;$($World.accounts[$_]))" }))" }
    $World.shares[$Name]
}
function Remove-SmbShare { [CmdletBinding(SupportsShouldProcess = $true)]param([string]$Name, [switch]$Force) Enter-Cmdlet 'Remove-SmbShare'; $World.shares.Remove($Name) }

# --- scheduled tasks: 'run' does the work at once in this process, 'hang' runs for ever, 'dead' never writes anything,
# 'process' starts the real line in a process of its own

function New-ScheduledTaskAction { [CmdletBinding()]param([string]$Execute, [string]$Argument) [PSCustomObject]@{ Execute = $Execute; Argument = $Argument } }
function New-ScheduledTaskPrincipal { [CmdletBinding()]param([string]$UserId, [string]$LogonType, [string]$RunLevel) if ($UserId -ne 'S-1-5-18') { throw 'SYSTEM' }; [PSCustomObject]@{ UserId = $UserId } }
function New-ScheduledTaskSettingsSet { [CmdletBinding()]param([switch]$AllowStartIfOnBatteries, [switch]$DontStopIfGoingOnBatteries, [string]$MultipleInstances, [int]$Priority, [TimeSpan]$ExecutionTimeLimit) [PSCustomObject]@{ Priority = $Priority } }
function Register-ScheduledTask { [CmdletBinding()]param([string]$TaskName, [string]$TaskPath, $Action, $Principal, $Settings, [switch]$Force) Enter-Cmdlet 'Register-ScheduledTask'; $World.tasks[$TaskName] = [PSCustomObject]@{ TaskName = $TaskName; TaskPath = $TaskPath; State = 'Ready'; Action = $Action } }
function Get-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath)
    if ($World.tasks.Count -eq 0) { Write-Error -Message 'keine Aufgabe' -ErrorId 'CmdletizationQuery_NotFound' -Category ObjectNotFound; return }
    foreach ($task in @($World.tasks.Values)) { if ($task.PSObject.Properties['Process'] -and $task.Process.HasExited) { $task.State = 'Ready' }; $task }
}
function Get-ScheduledTaskInfo { [CmdletBinding()]param([string]$TaskPath, [string]$TaskName) [PSCustomObject]@{ LastTaskResult = [uint32]267011 } }
function Start-ScheduledTask {
    [CmdletBinding()]
    param([string]$TaskPath, [string]$TaskName)
    Enter-Cmdlet 'Start-ScheduledTask'
    $task = $World.tasks[$TaskName]
    if ($World.options.task -eq 'hang') { $task.State = 'Running' }
    if ($World.options.task -eq 'process') {
        $task | Add-Member -MemberType NoteProperty -Name Process -Value ([Diagnostics.Process]::Start($env:QSM_PWSH, $task.Action.Argument)) -Force
        $task.State = 'Running'
    }
    if ($World.options.task -ne 'run') { return }
    if ($task.Action.Argument -notmatch '-Kind (\w+) -MigrationId (\S+) -Number (\d+)') { throw 'Argument' }
    $kind, $migration, $number = $Matches[1..3]
    & (Get-Module -Name QuickStorageMigration) { if ($args[0] -eq 'copy') { Invoke-QsmCopyWork -MigrationId $args[1] -Number $args[2] } else { Invoke-QsmMergeWork -MigrationId $args[1] -Number $args[2] } } $kind $migration $number
}
function Stop-ScheduledTask { [CmdletBinding()]param([string]$TaskPath, [string]$TaskName) $World.tasks[$TaskName].State = 'Ready' }
function Unregister-ScheduledTask { [CmdletBinding(SupportsShouldProcess = $true)]param([string]$TaskPath, [string]$TaskName) $World.tasks.Remove($TaskName) }

# --- BITS: a job needs some looks until it is transferred

function Start-BitsTransfer {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param([string]$Source, [string]$Destination, [string]$DisplayName, [string]$TransferType, [string]$Priority, [int]$RetryInterval, [int]$RetryTimeout, [switch]$Asynchronous)
    Enter-Cmdlet 'Start-BitsTransfer'
    if ($TransferType -ne 'Download' -or $Priority -ne 'Foreground' -or $RetryInterval -ne 60 -or $RetryTimeout -ne 3600 -or -not $Asynchronous) { throw 'parameters' }
    $job = [PSCustomObject]@{ JobId = [guid]::NewGuid(); DisplayName = $DisplayName; JobState = 'Queued'; BytesTotal = [uint64]::MaxValue; BytesTransferred = [uint64]0; Looks = 0; InternalErrorCode = 0; ErrorContext = 'RemoteFile'; ErrorDescription = 'Fehler'; FileList = @([PSCustomObject]@{ RemoteName = $Source; LocalName = $Destination }) }
    $World.jobs = @($World.jobs) + $job
    $job
}
function Get-BitsTransfer {
    [CmdletBinding()]
    param([switch]$AllUsers)
    foreach ($job in @($World.jobs)) {
        $job.Looks++
        if ($World.options.bitsError) { $job.JobState = 'Error'; $job.InternalErrorCode = [int]$World.options.bitsError }
        elseif ($job.Looks -gt $World.options.transfers) { $job.JobState = 'Transferred'; $job.BytesTransferred = [uint64](Get-Item -LiteralPath $job.FileList[0].RemoteName).Length }
        else { $job.JobState = 'Transferring' }
        if ($World.options.onLook) { & $World.options.onLook $job }
        $job
    }
}
function Complete-BitsTransfer {
    [CmdletBinding(SupportsShouldProcess = $true)]
    param($BitsJob)
    Enter-Cmdlet 'Complete-BitsTransfer'
    $from = Get-Item -LiteralPath $BitsJob.FileList[0].RemoteName
    Copy-Item -LiteralPath $from.FullName -Destination $BitsJob.FileList[0].LocalName
    (Get-Item -LiteralPath $BitsJob.FileList[0].LocalName).LastWriteTimeUtc = $from.LastWriteTimeUtc
    if ($World.options.altered) { Add-Content -LiteralPath $BitsJob.FileList[0].LocalName -Value 'more' }
    $World.jobs = @($World.jobs | Where-Object { $_.JobId -ne $BitsJob.JobId })
}
function Remove-BitsTransfer { [CmdletBinding(SupportsShouldProcess = $true)]param($BitsJob) Enter-Cmdlet 'Remove-BitsTransfer'; $World.jobs = @($World.jobs | Where-Object { $_.JobId -ne $BitsJob.JobId }) }

Export-ModuleMember -Function *
