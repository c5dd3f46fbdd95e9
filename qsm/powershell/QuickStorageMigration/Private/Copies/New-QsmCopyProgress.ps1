function New-QsmCopyProgress {
    <#
    .SYNOPSIS
    Makes the progress of a file that has not begun to come.

    .PARAMETER File
    One file of a copy's request.

    .DESCRIPTION
    Queued is what BITS calls it.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of CopyProgress.

    .EXAMPLE
    $request.files | ForEach-Object { New-QsmCopyProgress -File $_ }
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '')]
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$File
    )

    [PSCustomObject][ordered]@{ destination = $File.destination; job_state = 'Queued'; bytes_total = [long]$File.length_bytes; bytes_transferred = [long]0 }
}
