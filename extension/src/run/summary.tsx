import * as React from 'react';

import { Chips } from '../components/chips';
import { Facts } from '../components/facts';
import { ago, duration, moment, oneLine, text } from '../components/format';
import { MetricValue, Value } from '../components/value';
import { changeRun, IRun, IRunChange } from './api';
import { Edited } from './edited';
import { RunLink } from './head';
import { IPart, Section } from './part';
import { Said, useSaying } from './said';
import { Status } from './status';

type Shown = IPart & { readonly reload: () => void; readonly onExplain: (key: string) => void };

/** A run at a glance: what people wrote to it, its metrics and params, and how it came out when it was made again. */
export function Summary(shown: Shown): JSX.Element {
  const { run } = shown;
  return (
    <div className="tb-Summary">
      <Failed run={run} title={shown.context.trans.__('Why it failed')} />
      <Words {...shown} />
      <div className="tb-Columns">
        <MetricsTable {...shown} />
        <ParamsTable {...shown} />
      </div>
      <Kin {...shown} />
      <Reproductions {...shown} />
      <Checks {...shown} />
      <Doubts {...shown} />
    </div>
  );
}

function Failed({ run, title }: { run: IRun; title: string }): JSX.Element | null {
  if (!run.failure) {
    return null;
  }
  const { message, type } = run.failure;
  return (
    <Section title={title}>
      <pre className="tb-Failed">{message === '' ? type : `${type}: ${message}`}</pre>
    </Section>
  );
}

/** Tags and the note, edited in place. */
function Words({ at, context, reload, run }: Shown): JSX.Element {
  const { trans } = context;
  const saying = useSaying();
  const change = (wanted: IRunChange): Promise<boolean> =>
    saying.attempt(async () => {
      await changeRun(run.run_id, at, wanted);
      reload();
    });
  const saveNote = async (note: string): Promise<void> => {
    if (!(await change({ note: note.trim() === '' ? null : note }))) {
      throw new Error('not saved');
    }
  };
  return (
    <div className="tb-Words">
      <Chips
        trans={trans}
        label={trans.__('Tags of the run')}
        tags={run.tags}
        onAdd={(key, value) => void change({ tags: { [key]: value } })}
        onRemove={key => void change({ tags: { [key]: null } })}
      />
      <Edited
        label={trans.__('Note')}
        value={run.note ?? ''}
        placeholder={trans.__('Write a note…')}
        isLong
        className="tb-Note"
        onSave={saveNote}
      />
      <Said saying={saying} closeLabel={trans.__('Close')} />
    </div>
  );
}

function MetricsTable({ context: { trans }, onExplain, run }: Shown): JSX.Element {
  const keys = Object.keys(run.metrics);
  return (
    <Section title={trans.__('Metrics')}>
      {keys.length === 0 ? (
        <p className="tb-mod-quiet">
          {trans.__(
            'None. What sklearn.metrics and .score return is taken down by itself; others by trackbook.log_metric.'
          )}
        </p>
      ) : (
        <table className="tb-Grid" aria-label={trans.__('Metrics')}>
          <tbody>
            {keys.map(key => (
              <tr key={key}>
                <th scope="row">{oneLine(key)}</th>
                <td className="tb-mod-end">
                  <MetricValue value={run.metrics[key]} />
                </td>
                <td>
                  <button
                    className="tb-Link"
                    aria-label={trans.__('Why %1 is what it is', key)}
                    onClick={() => onExplain(key)}
                  >
                    {trans.__('why')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

function ParamsTable({ context: { trans }, run }: Shown): JSX.Element {
  const defaults = new Set(run.defaults ?? []);
  const [hasDefaults, setHasDefaults] = React.useState(false);
  const keys = Object.keys(run.params);
  const chosen = keys.filter(key => !defaults.has(key));
  const shown = hasDefaults ? [...chosen, ...keys.filter(key => defaults.has(key))] : chosen;
  const rest = keys.length - chosen.length;
  return (
    <Section title={trans.__('Params')}>
      {keys.length === 0 && <p className="tb-mod-quiet">{trans.__('None found.')}</p>}
      {shown.length > 0 && (
        <table className="tb-Grid" aria-label={trans.__('Params')}>
          <tbody>
            {shown.map(key => (
              <tr key={key} className={defaults.has(key) ? 'tb-mod-quiet' : ''}>
                <th scope="row" title={oneLine(key)}>
                  {oneLine(key)}
                </th>
                <td>
                  <Value value={run.params[key]} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rest > 0 && (
        <button className="tb-Link" aria-expanded={hasDefaults} onClick={() => setHasDefaults(!hasDefaults)}>
          {hasDefaults
            ? trans.__('Hide those at the defaults')
            : trans._n('%1 param at the default', '%1 params at the defaults', rest)}
        </button>
      )}
    </Section>
  );
}

function Kin({ at, context, run }: Shown): JSX.Element | null {
  const { trans } = context;
  const children = run.children ?? [];
  if (children.length === 0) {
    return null;
  }
  const total = run.children_total ?? children.length;
  return (
    <Section title={trans._n('%1 run within', '%1 runs within', total)}>
      <ul className="tb-Kin">
        {children.map(child => (
          <li key={child.run_id}>
            <RunLink context={context} at={at} run={child} />{' '}
            {child.status && <Status trans={trans} status={child.status} word={child.word} />}
          </li>
        ))}
      </ul>
      {total > children.length && <p className="tb-mod-quiet">{trans.__('%1 more', total - children.length)}</p>}
    </Section>
  );
}

function Reproductions({ context: { trans }, run }: Shown): JSX.Element | null {
  const made = run.reproductions ?? [];
  if (made.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('Made again')}>
      <table className="tb-Grid" aria-label={trans.__('Reproductions')}>
        <tbody>
          {made.map(each => (
            <tr key={each.reproduction_id}>
              <th scope="row">{each.verdict}</th>
              <td>{each.reason === null ? '' : oneLine(each.reason)}</td>
              <td className="tb-mod-quiet" title={moment(each.at)}>
                {ago(trans, each.at)}
              </td>
              <td className="tb-mod-end">{duration(trans, each.seconds)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function Checks({ context: { trans }, run }: Shown): JSX.Element | null {
  const checks = run.checks ?? [];
  if (checks.length === 0) {
    return null;
  }
  return (
    <Section title={trans.__('Checks of its tables')}>
      <table className="tb-Grid" aria-label={trans.__('Checks')}>
        <tbody>
          {checks.map(check => (
            <tr key={check.check_id}>
              <th scope="row">{oneLine(check.name)}</th>
              <td>{oneLine(check.table)}</td>
              <td>
                {check.passed
                  ? `✓ ${trans.__('passed')}`
                  : `✗ ${trans._n('%1 failure', '%1 failures', check.failures)}`}
              </td>
              <td>{check.broken.map(rule => text(rule)).join('; ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

/** What speaks against the run being made again: hidden state, and what drew random numbers without a seed. */
function Doubts({ context: { trans }, run }: Shown): JSX.Element | null {
  const unseeded = run.unseeded ?? [];
  const reason = run.verdict !== 'clean' ? run.verdict_reason : null;
  if (unseeded.length === 0 && !reason) {
    return null;
  }
  return (
    <Section title={trans.__('Doubts')}>
      <Facts
        facts={[
          [run.verdict ?? '', reason],
          [trans.__('Without a seed'), unseeded.map(oneLine).join(', ')]
        ]}
      />
    </Section>
  );
}
