import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { trustEndorseCommand, trustUnendorseCommand } from './trust-endorse.ts'
import { trustAskCommand, trustExplainCommand, trustListCommand, trustShowCommand } from './trust-look.ts'
import { trustUnvouchCommand, trustVouchCommand } from './trust-vouch.ts'

export function trustCommand(cli: Cli): Command {
  return cli.group('trust', 'see what kernels may be trusted with, and vouch for them', [
    trustListCommand(cli),
    trustShowCommand(cli),
    trustExplainCommand(cli),
    trustAskCommand(cli),
    trustVouchCommand(cli),
    trustUnvouchCommand(cli),
    trustEndorseCommand(cli),
    trustUnendorseCommand(cli),
  ])
}
