import { Clipboard, InputDialog } from '@jupyterlab/apputils';
import * as React from 'react';

import { request } from '../core/request';
import { IModel, IRun, ISlice, registerModel, runPath, startReproduction } from './api';
import { folderOf } from './place';
import { IPart } from './part';
import { restoreCode } from './restore_code';
import { ISaying } from './said';

type Acting = IPart & { readonly saying: ISaying };

/** The buttons of a run's page. What came of them is said beneath. */
export function Actions(acting: Acting): JSX.Element {
  const { context, run, saying } = acting;
  const { trans } = context;
  const [isBusy, setIsBusy] = React.useState(false);
  const go = (act: (acting: Acting) => Promise<string | void>) => async (): Promise<void> => {
    setIsBusy(true);
    await saying.attempt(() => act(acting));
    setIsBusy(false);
  };
  const isOver = run.status !== 'RUNNING';
  const hasModel = kept(run).length > 0;
  return (
    <div className="tb-Actions" role="toolbar" aria-label={trans.__('What can be done with the run')}>
      <Action
        label={trans.__('Reproduce')}
        title={isOver ? trans.__('Make it again in a fresh kernel, and compare') : trans.__('It has not ended yet')}
        isOff={isBusy || !isOver}
        onClick={go(reproduce)}
      />
      <Action
        label={trans.__('Slice to a notebook')}
        title={trans.__('Make the smallest notebook that makes its metrics, and open it')}
        isOff={isBusy}
        onClick={go(slice)}
      />
      <Action
        label={trans.__('Copy restore code')}
        title={trans.__('Copy the code that brings its tables, models and params back')}
        isOff={isBusy}
        onClick={go(copyRestore)}
      />
      <Action
        label={trans.__('Insert restore cell')}
        title={trans.__('Put the code that brings its tables, models and params back into the open notebook')}
        isOff={isBusy}
        onClick={go(insertRestore)}
      />
      <Action
        label={trans.__('Register…')}
        title={hasModel ? trans.__('Publish its model under a name') : trans.__('No model of it is kept')}
        isOff={isBusy || !hasModel}
        onClick={go(register)}
      />
    </div>
  );
}

function Action({
  label,
  title,
  isOff,
  onClick
}: {
  label: string;
  title: string;
  isOff: boolean;
  onClick: () => Promise<void>;
}): JSX.Element {
  return (
    <button className="jp-mod-styled tb-Button" title={title} disabled={isOff} onClick={() => void onClick()}>
      {label}
    </button>
  );
}

async function reproduce({ at, run }: Acting): Promise<void> {
  await startReproduction(run.run_id, at);
}

async function slice({ at, context, notebooks, run }: Acting): Promise<string> {
  const made = await request<ISlice>(runPath(run.run_id, 'slice'), { at });
  const path = await notebooks.create(folderOf(at), made.name, made.notebook);
  return [context.trans.__('Made %1.', path), ...made.remarks].join(' ');
}

async function copyRestore({ context, run }: Acting): Promise<string> {
  Clipboard.copyToSystem(restoreCode(run.run_id));
  return context.trans.__('Copied. Run it in a cell to have the run’s tables, models and params back.');
}

async function insertRestore({ context: { trans }, notebooks, run }: Acting): Promise<string> {
  if (notebooks.insert(restoreCode(run.run_id))) {
    return trans.__('Put a cell into the notebook. Run it to have the run’s tables, models and params back.');
  }
  throw new Error(trans.__('No notebook is open that the cell could be put into. Open one, and try again.'));
}

async function register(acting: Acting): Promise<string | void> {
  const { at, context, run } = acting;
  const { trans } = context;
  const model = await chosenModel(acting);
  if (model === null) {
    return;
  }
  const answer = await InputDialog.getText({
    title: trans.__('Register the model %1', model.name),
    label: trans.__('Name that it is published under'),
    text: model.name,
    okLabel: trans.__('Register')
  });
  const name = answer.value?.trim() ?? '';
  if (!answer.button.accept) {
    return;
  }
  if (name === '') {
    throw new Error(trans.__('A model needs a name to be published under. Register it again, and give one.'));
  }
  const made = await registerModel(run.run_id, at, model.model_id ?? model.name, name);
  return trans.__('Registered as version %2 of %1.', made.name, made.version);
}

function kept(run: IRun): readonly IModel[] {
  return run.models.filter(model => model.is_kept !== false);
}

async function chosenModel({ context: { trans }, run }: Acting): Promise<IModel | null> {
  const models = kept(run);
  if (models.length === 1) {
    return models[0];
  }
  const names = models.map(model => model.name);
  const answer = await InputDialog.getItem({
    title: trans.__('Register a model'),
    label: trans.__('Which model of the run'),
    items: names,
    okLabel: trans.__('Next')
  });
  return answer.button.accept ? (models.find(model => model.name === answer.value) ?? null) : null;
}
