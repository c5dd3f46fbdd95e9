@{
    RootModule        = 'QuickStorageMigration.psm1'
    ModuleVersion     = '0.1.0'
    GUID              = '5f0b6a5c-6d2e-4a57-9a35-0c7d6a4be1f2'
    Author            = 'The Quick Storage Migration project'
    CompanyName       = 'The Quick Storage Migration project'
    Copyright         = 'MIT licence'
    Description       = 'What a Hyper-V host does and answers while one of its VMs moves to another host.'
    PowerShellVersion = '4.0'
    FunctionsToExport = '*'
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
