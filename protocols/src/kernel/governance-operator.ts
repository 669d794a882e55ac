/** What persons do about cases and exceptions; separate from what an operator does to a kernel, because several persons do it. */
import type { ActOnCase, CaseView, OpenCase } from '../governance/case-acts.ts'
import type { CaseProof } from '../governance/case-proof.ts'
import type { AskException, ByPerson, ExceptionRecord } from '../governance/exception.ts'
import type { NoticeDelivery, NotifyCase } from '../governance/sanction-notice.ts'

export interface GovernanceOperator {
  /** Open ones first, then the newest. @throws CallError `busy` when the cases cannot be read */
  cases(): Promise<CaseView[]>
  /** @throws CallError `not_found` */
  case(id: string): Promise<CaseView>
  /** @throws CallError `invalid_request` for an entry that the log does not have */
  openCase(init: OpenCase): Promise<CaseView>
  /** @throws CallError `invalid_request` out of turn, `policy_denied` for a person whose turn it is not. */
  actOnCase(init: ActOnCase): Promise<CaseView>
  /**
   * Tells imported kernels of a sanction on another kernel that is in force; binding nobody.
   * @throws CallError `invalid_request` when there is nothing to tell
   */
  notifyCase(init: NotifyCase): Promise<NoticeDelivery[]>
  /**
   * What convicts the subject of a case by itself, for others.
   * @throws CallError `not_found`
   */
  caseProofs(id: string): Promise<CaseProof[]>
  exceptions(): Promise<ExceptionRecord[]>
  /** Asks for an exception to the policy; it is in force when a second person has confirmed it. */
  askException(init: AskException): Promise<ExceptionRecord>
  /** @throws CallError `policy_denied` for whoever asked, `invalid_request` when it is over */
  confirmException(init: ByPerson): Promise<ExceptionRecord>
  endException(init: ByPerson): Promise<ExceptionRecord>
}
