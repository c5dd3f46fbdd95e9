function Get-QsmHost {
    <#
    .SYNOPSIS
    Reports what this host is: system, PowerShell, Hyper-V, processor, volumes, switches, limits of WinRM.

    .DESCRIPTION
    A question that fails is an error of the whole call, except whether Hyper-V answers at all, which is a fact of its own, and
    the limits of WinRM, which are 0 then.

    .PARAMETER Paths
    Paths whose volumes are reported besides the fixed ones. A path without a volume adds none.

    .OUTPUTS
    System.Management.Automation.PSCustomObject with the fields of HostFacts.

    .EXAMPLE
    Get-QsmHost -Paths 'C:\ClusterStorage\Volume1\VMs'
    #>
    [CmdletBinding()]
    [OutputType([PSCustomObject])]
    param(
        [AllowEmptyCollection()]
        [string[]]$Paths = @()
    )

    $system = Invoke-QsmWmi -Class 'Win32_OperatingSystem'
    $computer = Invoke-QsmWmi -Class 'Win32_ComputerSystem'
    $processor = @(Invoke-QsmWmi -Class 'Win32_Processor') | Select-Object -First 1
    $bits = @(Invoke-QsmWmi -Class 'Win32_Service' -Filter "Name='BITS'") | Select-Object -First 1
    $limits = Get-QsmShellLimit
    $hyperv = Get-QsmHyperVFact
    $mounts = @(Get-QsmMountPath)
    $fixed = @($mounts | Where-Object { $_.drive_type -eq 3 } | ForEach-Object { $_.root })
    $dns = [string](Get-QsmProperty -InputObject $computer -Name 'DNSHostName' -Default $computer.Name)
    [PSCustomObject][ordered]@{
        computer_name           = [string]$computer.Name
        fqdn                    = $(if ($computer.PartOfDomain) { "$dns.$($computer.Domain)" } else { $dns })
        computer_account        = Get-QsmComputerAccount -Computer $computer
        os_caption              = ([string]$system.Caption).Trim()
        os_build                = [int]$system.BuildNumber
        powershell_version      = [string]$PSVersionTable.PSVersion
        language_mode           = [string]$ExecutionContext.SessionState.LanguageMode
        execution_policy        = [string](Get-ExecutionPolicy)
        administrator           = [bool](Test-QsmAdministrator)
        hyperv                  = $hyperv.hyperv
        cluster                 = Get-QsmClusterName
        supported_vm_versions   = $hyperv.versions
        processor_vendor        = [string]$processor.Manufacturer
        processor_name          = ([string]$processor.Name).Trim()
        logical_processors      = $hyperv.processors
        mac_range               = $hyperv.mac_range
        memory_free_bytes       = [long]$system.FreePhysicalMemory * 1024
        boot_time_ticks         = ConvertFrom-QsmWmiTime -Text $system.LastBootUpTime
        volumes                 = @(Get-QsmVolumeFact -Path @($fixed + $Paths) -Known -Mount $mounts)
        system_volume           = "$($system.SystemDrive)\"
        switches                = $hyperv.switches
        bits_start_mode         = [string](Get-QsmProperty -InputObject $bits -Name 'StartMode' -Default 'Absent')
        max_shells_per_user     = $limits.shells
        max_processes_per_shell = $limits.processes
        max_memory_per_shell_mb = $limits.memory_mb
    }
}
