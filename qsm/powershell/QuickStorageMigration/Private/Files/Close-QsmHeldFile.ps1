function Close-QsmHeldFile {
    <#
    .SYNOPSIS
    Lets go of the file that this process holds open; none is fine.

    .DESCRIPTION
    See Open-QsmHeldFile.

    .OUTPUTS
    None

    .EXAMPLE
    Close-QsmHeldFile
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param()

    if ($null -eq $script:QsmHeldFile) { return }
    $script:QsmHeldFile.Dispose()
    $script:QsmHeldFile = $null
}
