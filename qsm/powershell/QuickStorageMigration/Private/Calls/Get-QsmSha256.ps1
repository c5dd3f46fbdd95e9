function Get-QsmSha256 {
    <#
    .SYNOPSIS
    Computes the SHA-256 of a text in UTF-8, as lower-case hexadecimal digits.

    .DESCRIPTION
    Through Get-FileHash, which works where the policy allows only validated cryptography; the managed class of .NET
    Framework refuses to work there.

    .PARAMETER Text
    The text.

    .OUTPUTS
    System.String

    .EXAMPLE
    Get-QsmSha256 -Text 'start_copy/1'
    #>
    [CmdletBinding()]
    [OutputType([string])]
    param(
        [Parameter(Mandatory = $true)]
        [AllowEmptyString()]
        [string]$Text
    )

    $stream = New-Object -TypeName System.IO.MemoryStream -ArgumentList (, [Text.Encoding]::UTF8.GetBytes($Text))
    (Get-FileHash -InputStream $stream -Algorithm SHA256).Hash.ToLowerInvariant()
}
