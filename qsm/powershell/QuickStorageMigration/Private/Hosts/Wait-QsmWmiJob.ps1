function Wait-QsmWmiJob {
    <#
    .SYNOPSIS
    Waits for the end of what a WMI method of Hyper-V started, and throws where it went wrong.

    .DESCRIPTION
    A method returns 0 when it is done, 4096 with a job that goes on ("Msvm_ConcreteJob class": JobState 7 completed, 32768
    completed with warnings, 8 to 10 failed), any other number when it was refused. The ErrorCode of a job is a return value
    too (327xx); its HRESULT stands in its texts alone. A job disappears some minutes after its end, and with the management
    service: of one that is gone nobody knows how it ended, and only a caller that proves the result by itself may go on.

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

    .PARAMETER Proven
    The caller looks for the effect afterwards: then a job that is gone is no error.

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
        [int]$LimitSeconds,

        [switch]$Proven
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
        if ($null -eq $job) {
            if ($Proven) { return }
            throw (New-QsmError -Id $ErrorId -Category failed -Retryable -Subject $Subject -Text 'wmi_job_gone' -Value @{ what = $What; subject = $Subject })
        }
        $state = [int]$job.JobState
        if ($state -eq 7 -or $state -eq 32768) { return }
        if ($state -ge 8 -and $state -le 10) {
            $texts = @(foreach ($name in 'ErrorSummaryDescription', 'ErrorDescription') { [string](Get-QsmProperty -InputObject $job -Name $name -Default '') })
            # The description often begins with the summary: it is told once then, as Hyper-V's own cmdlets do.
            $said = if ($texts[0] -ne '' -and -not $texts[1].StartsWith($texts[0], [StringComparison]::Ordinal)) { $texts -join ' ' } else { $texts[1] }
            $number = Get-QsmTextNumber -Text $said
            $code = [long](Get-QsmProperty -InputObject $job -Name 'ErrorCode' -Default 0)
            throw (New-QsmError -Id $ErrorId -Category failed -Subject $Subject -HResult $number -Facts @{ job_state = $state; error_code = $code; hresult = $number } -Text 'wmi_job_failed' -Value @{ what = $What; subject = $Subject; state = $state; code = $code; error = $said.Trim() })
        }
        if ($clock.Elapsed.TotalSeconds -ge $LimitSeconds) {
            throw (New-QsmError -Id $ErrorId -Category failed -Subject $Subject -Facts @{ job_state = $state } -Text 'wmi_job_goes_on' -Value @{ what = $What; subject = $Subject; seconds = $LimitSeconds; state = $state })
        }
        Start-Sleep -Milliseconds 250
    }
}
