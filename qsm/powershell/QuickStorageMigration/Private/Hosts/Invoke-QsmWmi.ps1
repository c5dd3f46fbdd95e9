function Invoke-QsmWmi {
    <#
    .SYNOPSIS
    Asks WMI for objects, or calls a method of one: the only place of the module that touches WMI.

    .DESCRIPTION
    The cmdlets with Wmi in their names exist in all of Windows PowerShell, take embedded objects as text and need no CIM
    types. Invoke-WmiMethod wants the arguments in the alphabetical order of their names, not in that of the method's
    declaration: so they are given here by name and sorted. A return value that is neither 0 nor 4096 (a job was started)
    is for the caller to judge.

    .PARAMETER Namespace
    The WMI namespace.

    .PARAMETER Class
    Class whose instances are asked for.

    .PARAMETER Filter
    Condition in WQL; texts in it are quoted by the caller with ConvertTo-QsmWmiText.

    .PARAMETER Query
    A whole query in WQL, for associations.

    .PARAMETER InputObject
    The object whose method is called.

    .PARAMETER Method
    Name of the method.

    .PARAMETER Argument
    Input arguments of the method by name.

    .OUTPUTS
    System.Object: the instances, or the method's output with ReturnValue and the output arguments.

    .EXAMPLE
    $service = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_VirtualSystemManagementService'
    #>
    [CmdletBinding(DefaultParameterSetName = 'Class')]
    [OutputType([object])]
    param(
        [string]$Namespace = 'root\cimv2',

        [Parameter(Mandatory = $true, ParameterSetName = 'Class')]
        [string]$Class,

        [Parameter(ParameterSetName = 'Class')]
        [string]$Filter = '',

        [Parameter(Mandatory = $true, ParameterSetName = 'Query')]
        [string]$Query,

        [Parameter(Mandatory = $true, ParameterSetName = 'Method')]
        [object]$InputObject,

        [Parameter(Mandatory = $true, ParameterSetName = 'Method')]
        [string]$Method,

        [Parameter(ParameterSetName = 'Method')]
        [System.Collections.IDictionary]$Argument = @{}
    )

    if ($PSCmdlet.ParameterSetName -eq 'Query') { return Get-WmiObject -Namespace $Namespace -Query $Query -ErrorAction Stop }
    if ($PSCmdlet.ParameterSetName -eq 'Class') {
        if ($Filter -eq '') { return Get-WmiObject -Namespace $Namespace -Class $Class -ErrorAction Stop }
        return Get-WmiObject -Namespace $Namespace -Class $Class -Filter $Filter -ErrorAction Stop
    }

    $values = @(foreach ($name in @($Argument.Keys | Sort-Object)) { , $Argument[$name] })
    if ($values.Count -eq 0) { return Invoke-WmiMethod -InputObject $InputObject -Name $Method -ErrorAction Stop }
    Invoke-WmiMethod -InputObject $InputObject -Name $Method -ArgumentList $values -ErrorAction Stop
}
