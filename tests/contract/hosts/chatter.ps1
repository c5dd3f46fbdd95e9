# Stands at the end of the stand-ins for Windows' modules: an import and a cmdlet that do more than their work. What, a
# file says each time, so that one process can be asked again and again.
$doing = { Get-Content -LiteralPath 'C:\Windows\Temp\doing.txt' -Encoding UTF8 }
$plainVMSwitch = ${function:Get-VMSwitch}

if ((& $doing) -eq 'wait at import') { Start-Sleep -Milliseconds 1200 }
Write-Warning 'imported with a warning'
Write-Verbose 'imported with many words' -Verbose
Write-Progress -Activity 'importing' -Status 'half' -PercentComplete 50
'@@QSM 0 {"ok": true, "result": "said by an import"}'

function Request-Name {
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)][string]$Name)
    $Name
}

function Get-VMSwitch {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    param()
    switch (& $doing) {
        'chatter' {
            $DebugPreference = 'Continue'
            Write-Progress -Activity 'asking' -Status 'half' -PercentComplete 50
            Write-Warning 'a warning'
            Write-Verbose ('many words ' * 1000) -Verbose
            Write-Debug 'a hint'
            Write-Information 'a remark' -InformationAction Continue
            Write-Error ([IO.File]::ReadAllText($ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath('C:\Windows\Temp\words.txt'))) -ErrorAction Continue
            [Console]::Out.WriteLine('plain words on standard output')
            [Console]::Out.Write('without a line end ')
            [Console]::Error.WriteLine('plain words on standard error')
        }
        'output' { 'said by a cmdlet' }
        'error' { Write-Error 'the third of five switches did not answer' }
        'mandatory' { Request-Name }
        'read' { Read-Host 'Continue?' }
        'continue' { $PSCmdlet.ShouldContinue('Really?', 'A question') }
        'confirm' { $PSCmdlet.ShouldProcess('everything') }
        'credential' { Get-Credential }
    }
    & $plainVMSwitch
}
