import type { CompiledPolicy, PolicyFault } from '@hansa/trust'
import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { exitCodes } from '../exit-codes.ts'
import { counted } from '../table.ts'
import { policyApproveCommand, policyPendingCommand, policyRejectCommand } from './policy-pending.ts'
import { policyReloadCommand } from './policy-reload.ts'

export function policyCommand(cli: Cli): Command {
  return cli.group('policy', 'check policy files, and put them in force', [
    checkCommand(cli),
    policyReloadCommand(cli),
    policyPendingCommand(cli),
    policyApproveCommand(cli),
    policyRejectCommand(cli),
  ])
}

function checkCommand(cli: Cli): Command {
  return cli
    .command('check', {
      summary: 'find every mistake in policy files',
      description:
        'Checks policy files as a node would load them together, and names every mistake with its line. Needs no node.',
      examples: ['hansa policy check ~/.hansa/policy.yaml', 'hansa policy check shared.yaml team.yaml'],
    })
    .argument('<file...>', 'policy files')
    .action(
      cli.action(async ({ print, args: [files] }) => {
        const { compilePolicy } = await import('@hansa/trust')
        const { readPolicies } = await import('../../config/index.ts')
        const { policyFaultLine } = await import('../../start/preflight.ts')
        const { sources, faults: unread } = await readPolicies(files as string[])
        const compiled = compilePolicy(sources)
        const unreadable = unread.map(({ source, reason }): PolicyFault => ({ source, reason }))
        const all = [...unreadable, ...(compiled.ok ? [] : compiled.faults)]
        const rules = compiled.ok && all.length === 0 ? countRules(compiled.policy) : undefined
        print.result({ ok: all.length === 0, files, ...(rules !== undefined && { rules }), faults: all }, (style) => {
          if (rules === undefined)
            return `${all.map((fault) => style.bad(policyFaultLine(fault))).join('\n')}\n${counted(all.length, 'mistake')}.`
          const { total, allow, deny, require_approval: approval } = rules
          const parts = `${allow} allow, ${deny} deny, ${approval} require approval`
          return `${style.good('No mistakes')}: ${counted(total, 'rule')} (${parts}) in ${counted((files as string[]).length, 'file')}.`
        })
        return all.length === 0 ? exitCodes.ok : exitCodes.failed
      }),
    )
}

function countRules({ rules }: CompiledPolicy) {
  const of = (effect: string) => rules.filter((rule) => rule.effect === effect).length
  return { total: rules.length, allow: of('allow'), deny: of('deny'), require_approval: of('require_approval') }
}
