import { Clipboard, InputDialog, Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { ReadonlyJSONObject } from '@lumino/coreutils';

import { tagOf } from '../components/chips';
import { failureOf } from '../core/answer';
import { CATEGORY, IHost } from '../core/host';
import { request } from '../core/request';
import { openCommand } from '../core/views';
import { IRunRow, ISlice } from './api';
import { changeRun, IRunChange, runPath } from './changes';
import { RunsModel } from './model';

/** Commands on the runs that are selected in the panel. */
export const COMMANDS = {
  open: 'trackbook:open-selected',
  compare: 'trackbook:compare-selected',
  copyId: 'trackbook:copy-run-id',
  copyCode: 'trackbook:copy-run-code',
  tag: 'trackbook:tag-selected',
  note: 'trackbook:note-selected',
  slice: 'trackbook:slice-selected',
  reproduce: 'trackbook:reproduce-selected',
  query: 'trackbook:focus-query'
} as const;

const ANY_ARGS = { args: { type: 'object', properties: {} } } as const;

interface IAction {
  readonly id: string;
  readonly label: string;
  /** How many runs it needs at least, and takes at most. */
  readonly least: number;
  readonly most: number;
  /** The command that it hands on to, without which it can't be done. */
  readonly needs?: string;
  readonly act: (runs: readonly IRunRow[]) => unknown;
}

/** Add the commands that act on the runs selected in the list. */
export function addRunCommands(host: IHost, model: RunsModel): void {
  const { commands } = host.app;
  for (const { id, label, least, most, needs, act } of actionsOf(host)) {
    const count = (): number => model.selectedRuns.length;
    commands.addCommand(id, {
      label,
      describedBy: ANY_ARGS,
      isEnabled: () => count() >= least && count() <= most && (needs === undefined || commands.hasCommand(needs)),
      execute: () => act(model.selectedRuns)
    });
    host.palette?.addItem({ command: id, category: CATEGORY });
  }
  model.changed.connect(() => Object.values(COMMANDS).forEach(id => changed(host, id)));
}

function changed({ app }: IHost, id: string): void {
  if (app.commands.hasCommand(id)) {
    app.commands.notifyCommandChanged(id);
  }
}

function actionsOf(host: IHost): readonly IAction[] {
  const { commands, place, trans } = host.context;
  const one = { least: 1, most: 1 };
  const any = { least: 1, most: Infinity };
  const on = (
    needs: string,
    args: (runs: readonly IRunRow[]) => ReadonlyJSONObject
  ): Pick<IAction, 'needs' | 'act'> => ({
    needs,
    act: runs => commands.execute(needs, args(runs))
  });
  const ofOne = ([run]: readonly IRunRow[]): ReadonlyJSONObject => ({ run: run.run_id, at: place.path });
  const ofAll = (runs: readonly IRunRow[]): ReadonlyJSONObject => ({
    runs: runs.map(run => run.run_id),
    at: place.path
  });
  return [
    { id: COMMANDS.open, label: trans.__('Open run'), ...one, ...on(openCommand('run'), ofOne) },
    {
      id: COMMANDS.compare,
      label: trans.__('Compare runs'),
      least: 2,
      most: Infinity,
      ...on(openCommand('compare'), ofAll)
    },
    { id: COMMANDS.copyId, label: trans.__('Copy id'), ...any, act: runs => copy(runs.map(run => run.run_id)) },
    { id: COMMANDS.copyCode, label: trans.__('Copy code'), ...any, act: runs => copy(runs.map(codeOf)) },
    { id: COMMANDS.tag, label: trans.__('Add a tag…'), ...any, act: runs => addTag(host, runs) },
    { id: COMMANDS.note, label: trans.__('Edit note…'), ...one, act: ([run]) => editNote(host, run) },
    { id: COMMANDS.slice, label: trans.__('Slice to a new notebook'), ...one, act: ([run]) => slice(host, run) },
    { id: COMMANDS.reproduce, label: trans.__('Reproduce'), ...one, act: ([run]) => reproduce(host, run) }
  ];
}

/** Return the code that gives a run in a notebook. */
export function codeOf(run: IRunRow): string {
  return `trackbook.get_run("${run.run_id}")`;
}

function copy(lines: readonly string[]): void {
  Clipboard.copyToSystem(lines.join('\n'));
}

/** Save a run's slice beside the notebook, under a name that is free, and open it. */
async function slice({ context }: IHost, run: IRunRow): Promise<void> {
  const { commands, contents, place } = context;
  const at = place.path;
  try {
    const made = await request<ISlice>(runPath(run, 'slice'), { at });
    const folder = PathExt.extname(at) === '.ipynb' ? PathExt.dirname(at) : at;
    const file = await contents.newUntitled({ path: folder, type: 'notebook' });
    const path = await contents.rename(file.path, PathExt.join(folder, made.name)).then(
      ({ path }) => path,
      () => file.path // the name is taken: the one that was given is kept
    );
    await contents.save(path, { type: 'notebook', format: 'json', content: made.notebook });
    await commands.execute('docmanager:open', { path });
  } catch (error) {
    Notification.error(failureOf(error).message);
  }
}

/** Start to make a run again, and show the run, where its progress is. */
async function reproduce({ context: { commands, place } }: IHost, run: IRunRow): Promise<void> {
  try {
    await request(runPath(run, 'reproductions'), { at: place.path }, { method: 'POST', body: '{}' });
    await commands.execute(openCommand('run'), { run: run.run_id, at: place.path });
  } catch (error) {
    Notification.error(failureOf(error).message);
  }
}

async function addTag(host: IHost, runs: readonly IRunRow[]): Promise<void> {
  const { trans } = host.context;
  const { value } = await InputDialog.getText({
    title: trans._n('Tag %2', 'Tag %1 runs', runs.length, runs[0].name),
    label: trans.__('Tag, as key: value'),
    placeholder: 'stage: candidate'
  });
  const tag = tagOf(value ?? '');
  if (tag) {
    await changeAll(host, runs, { tags: { [tag[0]]: tag[1] } });
  }
}

async function editNote(host: IHost, run: IRunRow): Promise<void> {
  const { trans } = host.context;
  const { button, value } = await InputDialog.getText({
    title: trans.__('Note on %1', run.name),
    label: trans.__('Note; leave it empty to take it away'),
    text: run.note ?? ''
  });
  if (button.accept) {
    await changeAll(host, [run], { note: value?.trim() || null });
  }
}

async function changeAll({ context }: IHost, runs: readonly IRunRow[], change: IRunChange): Promise<void> {
  try {
    await Promise.all(runs.map(run => changeRun(run, context.place.path, change)));
  } catch (error) {
    Notification.error(failureOf(error).message);
  }
}
