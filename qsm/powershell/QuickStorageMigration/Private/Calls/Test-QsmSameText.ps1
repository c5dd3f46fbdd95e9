function Test-QsmSameText {
    <#
    .SYNOPSIS
    Returns whether a name or path is one of some others, letter by letter and without regard to case.

    .DESCRIPTION
    This is how NTFS and Hyper-V tell names apart. The operators -eq and -contains of Windows PowerShell compare by language:
    'Strasse' is written like 'Stra' + sharp s + 'e' for them, and a letter that is not shown does not count at all. Where one
    file or VM must not be taken for another, that is too much kindness.

    .PARAMETER Text
    The name or path.

    .PARAMETER Other
    What it may be; nothing: then it is not.

    .OUTPUTS
    System.Boolean

    .EXAMPLE
    Test-QsmSameText -Text $file.path -Other $known
    #>
    [CmdletBinding()]
    [OutputType([bool])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text,

        [Parameter(Mandatory = $true)]
        [AllowNull()]
        [AllowEmptyString()]
        [AllowEmptyCollection()]
        [string[]]$Other
    )

    foreach ($one in $Other) {
        if ([string]::Equals($Text, $one, [StringComparison]::OrdinalIgnoreCase)) { return $true }
    }
    $false
}
