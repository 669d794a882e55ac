import { Argument, type Command } from 'commander'
import type { Cli } from '../cli.ts'
import { completionScripts, type Shell, shells } from '../completion/scripts.ts'

export function completionCommand(cli: Cli): Command {
  return cli
    .command('completion', {
      summary: 'print the completion of this command for a shell',
      description:
        'Prints a script that completes commands, options, and what the node knows: capabilities, aliases, approvals, agents.',
      examples: ['hansa completion bash > ~/.local/share/bash-completion/completions/hansa', 'hansa completion zsh'],
    })
    .addArgument(new Argument('<shell>').choices(shells))
    .action(
      cli.action(async ({ print, args: [shell] }) => {
        const script = completionScripts[shell as Shell]
        print.result({ shell, script }, () => script.trimEnd())
        return undefined
      }),
    )
}
