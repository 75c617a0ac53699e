import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { trackbookIcon } from './icon';
import { request } from './request';

interface IRunsPage {
  runs: { run_id: string; name: string }[];
  total: number;
}

/** The left side panel. */
export class TrackbookPanel extends ReactWidget {
  constructor(private readonly trans: TranslationBundle) {
    super();
    this.id = 'trackbook-panel';
    this.title.icon = trackbookIcon;
    this.title.caption = trans.__('Trackbook');
    this.addClass('tb-Panel');
  }

  override render(): JSX.Element {
    return <Runs trans={this.trans} />;
  }
}

function Runs({ trans }: { trans: TranslationBundle }): JSX.Element {
  const [page, setPage] = React.useState<IRunsPage | null>(null);
  const [failure, setFailure] = React.useState('');
  React.useEffect(() => {
    request<IRunsPage>('runs', { limit: 50 }).then(setPage, (error: Error) => setFailure(error.message));
  }, []);
  if (failure) {
    return <p role="alert">{failure}</p>;
  }
  if (page === null) {
    return <p>{trans.__('Loading …')}</p>;
  }
  return (
    <ul>
      {page.runs.map(run => (
        <li key={run.run_id}>{run.name}</li>
      ))}
    </ul>
  );
}
