function ConvertTo-QsmJson {
    <#
    .SYNOPSIS
    Writes a value as one line of ASCII JSON.

    .DESCRIPTION
    ConvertTo-Json of Windows PowerShell cuts what is deeper than asked without a word, writes an array that went through
    a pipeline as an object with Count and value, an enum as its number and a date in a form of its own, and leaves
    letters beyond ASCII to the code page of the console. Here an array is an array, an enum its name, a GUID its text, a
    letter beyond ASCII \uXXXX; a date or any object that is not plain data is an error, because nobody could read it back.

    .PARAMETER InputObject
    Null, text, number, bool, enum, GUID, version, dictionary, custom object, or a list of such.

    .PARAMETER Canonical
    Sorts the names, so that equal values give equal text. Dictionaries without order are always sorted.

    .OUTPUTS
    System.String

    .EXAMPLE
    ConvertTo-QsmJson -InputObject ([PSCustomObject]@{ path = 'D:\VMs'; files = @() })
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [AllowEmptyString()]
        [AllowEmptyCollection()]
        [object]$InputObject,

        [switch]$Canonical
    )

    $builder = New-Object -TypeName System.Text.StringBuilder
    Add-QsmJsonText -Builder $builder -Value $InputObject -Canonical ([bool]$Canonical)
    $builder.ToString()
}
