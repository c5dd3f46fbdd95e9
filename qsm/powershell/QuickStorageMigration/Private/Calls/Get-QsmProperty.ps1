function Get-QsmProperty {
    <#
    .SYNOPSIS
    Reads a property that only some versions of Windows have.

    .DESCRIPTION
    Under strict mode an absent property is an error. Here it gives the default, and so does a property that is null.

    .PARAMETER InputObject
    The object; null gives the default.

    .PARAMETER Name
    Name of the property.

    .PARAMETER Default
    What to return where the property is absent or null.

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

        [object]$Default = $null
    )

    if ($null -eq $InputObject) { return $Default }
    $property = $InputObject.PSObject.Properties[$Name]
    if ($null -eq $property -or $null -eq $property.Value) { return $Default }
    $property.Value
}
