import { euAiAct } from './eu-ai-act.ts'
import type { Framework } from './framework.ts'
import { gdpr } from './gdpr.ts'
import { hipaa } from './hipaa.ts'
import { owaspAgentic } from './owasp-agentic.ts'
import { soc2 } from './soc2.ts'

/** In the order of a report. */
export const frameworks: readonly Framework[] = [soc2, gdpr, hipaa, euAiAct, owaspAgentic]
