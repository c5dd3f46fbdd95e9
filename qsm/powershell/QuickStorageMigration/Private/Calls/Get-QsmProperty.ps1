function Get-QsmProperty {
    <#
    .SYNOPSIS
    Reads a property that only some versions of Windows have, or that cannot always be read.

    .DESCRIPTION
    Under strict mode an absent property is an error. Here it gives the default, and so does a property that is null, or that
    throws when it is read: Hyper-V's objects ask the host at that moment. A script that reads a property, or the Value of one,
    gets null then and no error; the method behind Value throws.

    .PARAMETER InputObject
    The object; null gives the default.

    .PARAMETER Name
    Name of the property.

    .PARAMETER Default
    What to return where the property is absent or null.

    .PARAMETER Unreadable
    What to return where reading the property throws, if that is not the default.

    .OUTPUTS
    System.Object

    .EXAMPLE
    Get-QsmProperty -InputObject $vm -Name 'CheckpointType'
    #>
    [CmdletBinding()]
    [OutputType([object])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [object]$InputObject,

        [Parameter(Mandatory = $true)]
        [string]$Name,

        [object]$Default = $null,

        [object]$Unreadable
    )

    if ($null -eq $InputObject) { return $Default }
    $property = $InputObject.PSObject.Properties[$Name]
    if ($null -eq $property) { return $Default }
    try {
        $value = $property.get_Value()
    } catch [System.Management.Automation.MethodInvocationException] {
        if ($PSBoundParameters.ContainsKey('Unreadable')) { return $Unreadable }
        return $Default
    }
    if ($null -eq $value) { return $Default }
    $value
}
