function Get-QsmCopyJobError {
    <#
    .SYNOPSIS
    Makes the error of a BITS job that failed.

    .DESCRIPTION
    The number is what decides; the words of BITS are translated and only reported. Names of properties differ between versions of
    the module, so each is asked for.

    .PARAMETER Job
    The job.

    .PARAMETER Path
    The file that it should write.

    .OUTPUTS
    System.Management.Automation.ErrorRecord

    .EXAMPLE
    throw (Get-QsmCopyJobError -Job $job -Path $path)
    #>
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Job,

        [Parameter(Mandatory = $true)]
        [string]$Path
    )

    $number = [long](Get-QsmProperty -InputObject $Job -Name 'InternalErrorCode' -Default 0) -band 0xFFFFFFFFL
    $context = [string](Get-QsmProperty -InputObject $Job -Name 'ErrorContext' -Default '')
    $words = [string](Get-QsmProperty -InputObject $Job -Name 'ErrorDescription' -Default '')
    $source = [string](@($Job.FileList)[0].RemoteName)
    $cause = '{0} (0x{1:X8}).' -f ($words -replace '\s+', ' ' -replace '[. ]+\z', ''), $number
    New-QsmError -Id 'CopyFailed' -Category failed -Subject $Path -HResult $number -Facts @{ path = $Path; source = $source; hresult = $number; context = $context } -Text 'job_failed' -Value @{ source = $source; path = $Path; cause = $cause }
}
