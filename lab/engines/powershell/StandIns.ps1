# What all stand-ins share: one connection to the host, values to JSON and back, and errors as records.

$script:LabStream = $null
$script:LabReader = $null
$script:LabEnumerations = @{}
$script:LabTypes = [System.Reflection.Emit.AssemblyBuilder]::DefineDynamicAssembly((New-Object -TypeName System.Reflection.AssemblyName -ArgumentList 'LabWindows'), [System.Reflection.Emit.AssemblyBuilderAccess]::Run).DefineDynamicModule('LabWindows')

# Enumerations get their full names, which `enum` cannot give.
function Initialize-LabEnumeration {
    $told = ConvertFrom-Json -InputObject (Get-Content -LiteralPath (Join-Path -Path $PSScriptRoot -ChildPath 'enumerations.json') -Raw)
    foreach ($type in $told.PSObject.Properties) {
        $made = $script:LabTypes.DefineEnum($type.Name, [System.Reflection.TypeAttributes]::Public, [int])
        foreach ($member in $type.Value.PSObject.Properties) { [void]$made.DefineLiteral($member.Name, [int]$member.Value) }
        $script:LabEnumerations[$type.Name] = $made.CreateTypeInfo().AsType()
    }
}
Initialize-LabEnumeration

# .NET tells the error numbers of this machine's system where it tells HRESULTs on Windows: EAGAIN, EEXIST, ENOSPC.
Update-TypeData -TypeName System.IO.IOException -MemberType ScriptProperty -MemberName HResult -Force -Value {
    $number = [System.Exception].GetProperty('HResult').GetValue($this.PSObject.BaseObject)
    switch ($number) {
        11 { -2147024864 }
        17 { -2147024816 }
        28 { -2147024784 }
        default { $number }
    }
}

function Send-LabQuestion([string]$Cmdlet, [object]$Parameters) {
    if ($null -eq $script:LabStream) {
        $socket = New-Object -TypeName System.Net.Sockets.Socket -ArgumentList ([System.Net.Sockets.AddressFamily]::Unix), ([System.Net.Sockets.SocketType]::Stream), ([System.Net.Sockets.ProtocolType]::Unspecified)
        $socket.Connect((New-Object -TypeName System.Net.Sockets.UnixDomainSocketEndPoint -ArgumentList $env:LAB_CMDLETS_SOCKET))
        $script:LabStream = New-Object -TypeName System.Net.Sockets.NetworkStream -ArgumentList $socket, $true
        $script:LabReader = New-Object -TypeName System.IO.StreamReader -ArgumentList $script:LabStream
    }
    $question = ConvertTo-Json -InputObject @{ token = $env:LAB_CMDLETS_TOKEN; cmdlet = $Cmdlet; parameters = $Parameters } -Depth 20 -Compress
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($question + "`n")
    $script:LabStream.Write($bytes, 0, $bytes.Length)
    $script:LabStream.Flush()
    $line = $script:LabReader.ReadLine()
    if ($null -eq $line) { throw "The host does not answer $Cmdlet any more." }
    ConvertFrom-Json -InputObject $line
}

function ConvertTo-LabValue([object]$Value) {
    if ($null -eq $Value) { return $null }
    $base = $Value.PSObject.BaseObject
    if ($base -is [string] -or $base -is [bool] -or $base -is [int] -or $base -is [long] -or $base -is [uint32] -or $base -is [uint64] -or $base -is [double] -or $base -is [byte] -or $base -is [uint16] -or $base -is [int16]) { return $base }
    if ($base -is [switch]) { return [bool]$base }
    if ($base -is [guid]) { return $base.ToString() }
    if ($base -is [enum]) { return $base.ToString() }
    if ($base -is [timespan]) { return @{ '$seconds' = $base.TotalSeconds } }
    if ($base -is [byte[]]) { return @{ '$bytes' = [Convert]::ToBase64String($base) } }
    if ($null -ne $Value.PSObject.Properties['LabReference']) { return @{ '$ref' = $Value.LabReference } }
    if ($base -is [System.Collections.IEnumerable]) {
        $all = New-Object -TypeName System.Collections.ArrayList
        foreach ($one in $base) { [void]$all.Add((ConvertTo-LabValue $one)) }
        return , $all.ToArray()
    }
    throw "A stand-in cannot take a $($base.GetType().FullName)."
}

function ConvertFrom-LabValue([object]$Value) {
    if ($null -eq $Value -or $Value -is [string] -or $Value -is [ValueType]) { return $Value }
    if ($Value -is [array]) { return , [object[]]@(foreach ($one in $Value) { , (ConvertFrom-LabValue $one) }) }
    $first = @($Value.PSObject.Properties)[0]
    switch ($first.Name) {
        '$type' { return (New-LabObject $Value) }
        '$enum' { return [Enum]::Parse($script:LabEnumerations[$first.Value[0]], $first.Value[1]) }
        '$guid' { return [guid]$first.Value }
        '$uint64' { return [uint64]::Parse($first.Value) }
        '$seconds' { return [timespan]::FromSeconds($first.Value) }
        '$version' { return [version]$first.Value }
        '$bytes' { return , [Convert]::FromBase64String($first.Value) }
        '$job' { return (New-LabJob $first.Value) }
    }
    $Value
}

# Made without New-Object, which takes several times as long: objects of Hyper-V have many properties and are asked for often.
function New-LabObject([object]$Told) {
    $made = [psobject]::new()
    $members, $names = $made.PSObject.Properties, $made.PSObject.TypeNames
    foreach ($property in $Told.properties.PSObject.Properties) {
        $value = $property.Value
        if ($value -is [psobject] -and $null -ne $value.PSObject.Properties['$throws']) {
            $members.Add([psscriptproperty]::new($property.Name, [scriptblock]::Create("throw '$($value.'$throws')'")))
            continue
        }
        if ($value -isnot [string] -and $value -isnot [ValueType]) { $value = ConvertFrom-LabValue $value }
        $members.Add([psnoteproperty]::new($property.Name, $value))
    }
    $at = 0
    foreach ($name in $Told.'$type') { $names.Insert($at, $name); $at++ }
    if (@($Told.'$ref'.PSObject.Properties).Count -gt 0) { $members.Add([psnoteproperty]::new('LabReference', $Told.'$ref')) }
    if ($null -ne $Told.PSObject.Properties['$embedded']) { Add-LabText $made $Told.'$embedded' }
    $made
}

# ManagementBaseObject.GetText(1): the instance as XML of the CIM DTD 2.0.
function Add-LabText([object]$Object, [string]$Class) {
    $Object.PSObject.Properties.Add((New-Object -TypeName System.Management.Automation.PSNoteProperty -ArgumentList '__CLASS', $Class))
    Add-Member -InputObject $Object -MemberType ScriptMethod -Name GetText -Value {
        param([int]$Format)
        if ($Format -ne 1) { throw 'The lab writes CIM DTD 2.0 (1) only.' }
        $text = foreach ($property in $this.PSObject.Properties) {
            if ($property.MemberType -ne 'NoteProperty' -or $property.Name -like '__*') { continue }
            $value = if ($property.Value -is [bool]) { ([string]$property.Value).ToUpperInvariant() } else { [string]$property.Value }
            '<PROPERTY NAME="{0}" TYPE="{1}"><VALUE>{2}</VALUE></PROPERTY>' -f $property.Name, $(if ($property.Value -is [bool]) { 'boolean' } else { 'uint8' }), $value
        }
        '<INSTANCE CLASSNAME="{0}">{1}</INSTANCE>' -f $this.__CLASS, (-join $text)
    }
}

# The rules are asked for when somebody reads them: hardly anybody does. Get-LabRule is exported, since members of types
# run outside of this module.
foreach ($kind in 'FileSecurity', 'DirectorySecurity') {
    $type = "System.Security.AccessControl.$kind"
    Update-TypeData -TypeName $type -MemberType ScriptProperty -MemberName Access -Force -Value { , @(Get-LabRule $this.Path) }
    Update-TypeData -TypeName $type -MemberType ScriptMethod -MemberName SetSecurityDescriptorSddlForm -Force -Value {
        param([string]$Sddl, [string]$Sections = 'All')
        $this.LabSddl = $Sddl
        $this.LabSections = if ($Sections -eq 'All') { 'Owner, Group, Access' } else { $Sections }
    }
}

# Compression, encryption and sparseness, which the file system of this machine does not know.
Update-TypeData -TypeName System.IO.FileSystemInfo -MemberType ScriptProperty -MemberName Attributes -Force -Value { Get-LabAttribute $this }
function Get-LabAttribute([System.IO.FileSystemInfo]$File) {
    $known = [System.IO.FileSystemInfo].GetProperty('Attributes').GetValue($File)
    $more = [string](Send-LabQuestion 'Attributes' @{ LiteralPath = [string]$File.PSObject.Properties['FullName'].Value }).output[0]
    if ($more -eq '') { $known } else { $known -bor [System.IO.FileAttributes]$more }
}

function Get-LabRule([string]$Path) {
    foreach ($rule in (Send-LabQuestion 'AccessRules' @{ LiteralPath = $Path }).output) { ConvertFrom-LabValue $rule }
}

function New-LabJob([int]$Number) {
    $job = New-Object -TypeName PSObject -Property @{ Id = $Number; Name = "Job$Number" }
    $job.PSObject.TypeNames.Insert(0, 'Microsoft.HyperV.PowerShell.VMJob')
    $ask = ${function:Send-LabQuestion}
    Add-Member -InputObject $job -MemberType ScriptProperty -Name State -Value ({ (& $ask 'Job' @{ Number = $this.Id }).output[0].state }.GetNewClosure())
    Add-Member -InputObject $job -MemberType ScriptProperty -Name JobStateInfo -Value ({ New-Object -TypeName PSObject -Property @{ State = $this.State; Reason = $null } }.GetNewClosure())
    Add-Member -InputObject $job -MemberType ScriptProperty -Name Error -Value ({ , @((& $ask 'Job' @{ Number = $this.Id }).output[0].errors) }.GetNewClosure())
    $job
}

$script:LabCommon = @([System.Management.Automation.Cmdlet]::CommonParameters) + @([System.Management.Automation.Cmdlet]::OptionalCommonParameters)

function Invoke-StandIn([System.Management.Automation.PSCmdlet]$Caller, [string]$Cmdlet, [System.Collections.IDictionary]$Bound) {
    $parameters = @{}
    foreach ($name in @($Bound.Keys)) {
        if ($script:LabCommon -contains $name) { continue }
        $parameters[$name] = ConvertTo-LabValue $Bound[$name]
    }
    if ($Cmdlet -eq 'Set-Acl' -and $null -ne $Bound['AclObject']) {
        $parameters['Sddl'] = $Bound['AclObject'].LabSddl
        $parameters['Sections'] = $Bound['AclObject'].LabSections
    }
    $answer = Send-LabQuestion $Cmdlet $parameters
    if ($null -ne $answer.PSObject.Properties['error']) {
        $Caller.WriteError((New-LabErrorRecord $answer.error))
        return
    }
    foreach ($one in $answer.output) {
        if ($one -is [psobject] -and $null -ne $one.PSObject.Properties['$error']) { $Caller.WriteError((New-LabErrorRecord $one.'$error')) }
        elseif ($one -is [psobject] -and $null -ne $one.PSObject.Properties['$warning']) { $Caller.WriteWarning($one.'$warning') }
        else { ConvertFrom-LabValue $one }
    }
}

function New-LabErrorRecord([object]$Told) {
    $exception = [Activator]::CreateInstance((Get-LabException $Told.exception), [object[]]@($Told.message))
    if ($null -ne $Told.hresult) { $exception.HResult = [BitConverter]::ToInt32([BitConverter]::GetBytes([long]$Told.hresult), 0) }
    New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Told.id, ([System.Management.Automation.ErrorCategory]$Told.category), $null
}

# Exceptions of Windows' modules are plain exceptions with a name of their own; those of .NET are what they are. That of WMI
# cannot be made where there is no Windows: it throws another one about that.
function Get-LabException([string]$Name) {
    $known = $script:LabTypes.GetType($Name)
    if ($null -eq $known -and $Name -ne 'System.Management.ManagementException') { $known = $Name -as [type] }
    if ($null -ne $known) { return $known }
    $parent = [System.Exception]
    $made = $script:LabTypes.DefineType($Name, [System.Reflection.TypeAttributes]'Public, Class', $parent)
    $body = $made.DefineConstructor([System.Reflection.MethodAttributes]::Public, [System.Reflection.CallingConventions]::Standard, [type[]]@([string])).GetILGenerator()
    $body.Emit([System.Reflection.Emit.OpCodes]::Ldarg_0)
    $body.Emit([System.Reflection.Emit.OpCodes]::Ldarg_1)
    $body.Emit([System.Reflection.Emit.OpCodes]::Call, $parent.GetConstructor([type[]]@([string])))
    $body.Emit([System.Reflection.Emit.OpCodes]::Ret)
    $made.CreateTypeInfo().AsType()
}

# An error id ends with the class of the cmdlet. A stand-in is a function, which has only a name: $LabClasses knows its class.
Update-TypeData -TypeName System.Management.Automation.ErrorRecord -MemberType ScriptProperty -MemberName FullyQualifiedErrorId -Force -Value { Get-LabErrorId $this }
function Get-LabErrorId([System.Management.Automation.ErrorRecord]$Record) {
    $id = [System.Management.Automation.ErrorRecord].GetProperty('FullyQualifiedErrorId').GetValue($Record)
    $at = $id.LastIndexOf(',') + 1
    $class = $script:LabClasses[$id.Substring($at)]
    if ($at -gt 0 -and $null -ne $class) { $id.Substring(0, $at) + $class } else { $id }
}

# Programs: the arguments as they come, the exit code in $LASTEXITCODE.
function Invoke-LabProgram([string]$Name, [object[]]$Arguments) {
    $words = New-Object -TypeName System.Collections.ArrayList
    foreach ($argument in $Arguments) { foreach ($word in $argument) { [void]$words.Add([string]$word) } }
    $answer = Send-LabQuestion $Name @{ Arguments = $words.ToArray() }
    if ($null -ne $answer.PSObject.Properties['error']) { throw (New-LabErrorRecord $answer.error) }
    $global:LASTEXITCODE = [int]$answer.output[0].code
    $answer.output[0].text -split "`n"
}
function icacls.exe { Invoke-LabProgram 'icacls.exe' $args }
function whoami.exe { Invoke-LabProgram 'whoami.exe' $args }
