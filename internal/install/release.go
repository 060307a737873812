// SPDX-License-Identifier: Apache-2.0

package install

import (
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
)

// ownLabel marks the releases that Rerig installs: one that a dead process left
// pending is taken up again, and somebody else's is left alone.
const ownLabel = "rerig.dev/revision"

// last is the newest version of a release, nil when there is none.
func last(c *action.Configuration, name string) (*release.Release, error) {
	found, err := c.Releases.Last(name)
	return typed(name, found, err, driver.ErrReleaseNotFound)
}

// lastDeployed is the version of a release that was deployed last, nil when none
// is.
func lastDeployed(c *action.Configuration, name string) (*release.Release, error) {
	found, err := c.Releases.Deployed(name)
	return typed(name, found, err, driver.ErrNoDeployedReleases)
}

// typed is a version of a release as Helm's storage returned it, nil where the
// error says that there is none.
func typed(name string, found any, err, none error) (*release.Release, error) {
	if errors.Is(err, none) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Helm release %s: %w", name, err)
	}
	r, ok := found.(*release.Release)
	if !ok {
		return nil, fmt.Errorf("read Helm release %s: it is a %T", name, found)
	}
	return r, nil
}

// judgeRelease says what there is of the release, and refuses to meddle while
// somebody else works on it.
func (i ByHelm) judgeRelease(d *Draft) error {
	helm, err := i.helm(i.Root)
	if err != nil {
		return err
	}
	r, err := last(helm, ReleaseName(d.Revision))
	if err != nil || r == nil {
		return err
	}
	if unfinished(r) && r.Labels[ownLabel] == "" {
		return fmt.Errorf("install revision %s: Helm release %s is %s since %s, by other hands: wait until they are done, or remove what is left of it with `%s`",
			d.Revision, r.Name, r.Info.Status, r.Info.LastDeployed.UTC().Format(time.RFC3339), i.undo(d.Revision))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("Helm release %s is there already (%s, chart %s): it is installed again", r.Name, r.Info.Status, r.Chart.Metadata.Version))
	return nil
}

// unfinished reports whether an operation on the release began and did not end.
func unfinished(r *release.Release) bool {
	return r.Info.Status.IsPending() || r.Info.Status == common.StatusUninstalling
}

// undo is the command that removes a revision that Helm installed.
func (i ByHelm) undo(revision string) string {
	return fmt.Sprintf("helm uninstall %s --namespace %s", ReleaseName(revision), i.Root)
}
