function Wait-QsmWmiJob {
    <#
    .SYNOPSIS
    Waits for the end of what a WMI method of Hyper-V started, and throws where it went wrong.

    .DESCRIPTION
    A method returns 0 when it is done, 4096 with a job that goes on ("Msvm_ConcreteJob class": JobState 7 completed, 32768
    completed with warnings, 8 to 10 failed), any other number when it was refused. A job disappears some minutes after
    its end: not found after it was seen alive counts as ended, and the caller proves the result.

    .PARAMETER Answer
    What the method returned.

    .PARAMETER ErrorId
    Id of the error to throw.

    .PARAMETER What
    What was asked for, to begin the message with.

    .PARAMETER Subject
    VM or file it is about.

    .PARAMETER LimitSeconds
    How long to wait.

    .OUTPUTS
    None

    .EXAMPLE
    Wait-QsmWmiJob -Answer $answer -ErrorId 'ExportFailed' -What 'The export' -Subject $VMId -LimitSeconds 1700
    #>
    [CmdletBinding()]
    [OutputType([void])]
    param(
        [Parameter(Mandatory = $true)]
        [object]$Answer,

        [Parameter(Mandatory = $true)]
        [string]$ErrorId,

        [Parameter(Mandatory = $true)]
        [string]$What,

        [Parameter(Mandatory = $true)]
        [string]$Subject,

        [Parameter(Mandatory = $true)]
        [int]$LimitSeconds
    )

    $code = [long]$Answer.ReturnValue
    if ($code -eq 0) { return }
    if ($code -ne 4096) {
        throw (New-QsmError -Id $ErrorId -Category failed -Subject $Subject -Facts @{ return_value = $code } -Text 'wmi_refused' -Value @{ what = $What; subject = $Subject; code = $code })
    }
    if ([string]$Answer.Job -notmatch 'InstanceID="([^"]+)"') {
        throw (New-Object -TypeName System.FormatException -ArgumentList "Hyper-V started a job but named none: '$($Answer.Job)'.")
    }
    $filter = "InstanceID=$(ConvertTo-QsmWmiText -Text $Matches[1])"
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        $job = Invoke-QsmWmi -Namespace 'root\virtualization\v2' -Class 'Msvm_ConcreteJob' -Filter $filter
        if ($null -eq $job) { return }
        $state = [int]$job.JobState
        if ($state -eq 7 -or $state -eq 32768) { return }
        if ($state -ge 8 -and $state -le 10) {
            $number = [long](Get-QsmProperty -InputObject $job -Name 'ErrorCode' -Default 0)
            throw (New-QsmError -Id $ErrorId -Category failed -Subject $Subject -HResult $number -Facts @{ job_state = $state; hresult = $number } -Text 'wmi_job_failed' -Value @{ what = $What; subject = $Subject; state = $state; error = Get-QsmProperty -InputObject $job -Name 'ErrorDescription' })
        }
        if ($clock.Elapsed.TotalSeconds -ge $LimitSeconds) {
            throw (New-QsmError -Id $ErrorId -Category failed -Subject $Subject -Facts @{ job_state = $state } -Text 'wmi_job_goes_on' -Value @{ what = $What; subject = $Subject; seconds = $LimitSeconds; state = $state })
        }
        Start-Sleep -Milliseconds 250
    }
}
