// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/release/common"
	release "helm.sh/helm/v4/pkg/release/v1"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// releaseRevisionLabel marks the releases that Rerig installs: one that a dead process left
// pending is taken up again, and somebody else's is left alone.
const releaseRevisionLabel = "rerig.dev/revision"

// latestRelease is the newest version of a release, nil when there is none.
func latestRelease(c *action.Configuration, name string) (*release.Release, error) {
	found, err := c.Releases.Last(name)
	return asRelease(name, found, err, driver.ErrReleaseNotFound)
}

// deployedRelease is the version of a release that was deployed last, nil when none
// is.
func deployedRelease(c *action.Configuration, name string) (*release.Release, error) {
	found, err := c.Releases.Deployed(name)
	return asRelease(name, found, err, driver.ErrNoDeployedReleases)
}

// asRelease is a version of a release as Helm's storage returned it, nil where the
// error says that there is none.
func asRelease(name string, found any, err, none error) (*release.Release, error) {
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

// checkRelease says what there is of the release, and refuses to meddle while
// somebody else works on it.
func (i HelmInstaller) checkRelease(d *Draft) error {
	helm, err := i.actionConfig(i.Root)
	if err != nil {
		return err
	}
	r, err := latestRelease(helm, ReleaseName(d.Revision))
	if err != nil || r == nil {
		return err
	}
	if isPending(r) && r.Labels[releaseRevisionLabel] == "" {
		return fmt.Errorf("install revision %s: Helm release %s is %s since %s, by other hands: wait until they are done, or remove what is left of it with `%s`",
			d.Revision, r.Name, r.Info.Status, r.Info.LastDeployed.UTC().Format(time.RFC3339), i.uninstallCommand(d.Revision))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("Helm release %s is there already (%s, chart %s): it is installed again", r.Name, r.Info.Status, r.Chart.Metadata.Version))
	return nil
}

// isPending reports whether an operation on the release began and did not end.
func isPending(r *release.Release) bool {
	return r.Info.Status.IsPending() || r.Info.Status == common.StatusUninstalling
}

// uninstallCommand is the command that removes a revision that Helm installed.
func (i HelmInstaller) uninstallCommand(revision string) string {
	return fmt.Sprintf("helm uninstall %s --namespace %s", ReleaseName(revision), i.Root)
}

// The annotations by which Helm knows whose an object is.
const (
	releaseAnnotation          = "meta.helm.sh/release-name"
	releaseNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// checkOwnership refuses what Helm would stumble over: an object of the manifest that is
// there and is not of the revision's release.
func (i HelmInstaller) checkOwnership(ctx context.Context, revision string, manifest []*unstructured.Unstructured) error {
	live, err := getObjects(ctx, i.Cluster, manifest)
	if err != nil {
		return err
	}
	var foreign []string
	for n, o := range live {
		if o == nil {
			continue
		}
		name, namespace := o.GetAnnotations()[releaseAnnotation], o.GetAnnotations()[releaseNamespaceAnnotation]
		switch {
		case name == ReleaseName(revision) && namespace == i.Root:
		case name == "":
			foreign = append(foreign, objectOf(manifest[n]).String()+" (of no Helm release)")
		default:
			foreign = append(foreign, fmt.Sprintf("%s (of Helm release %s/%s)", objectOf(manifest[n]), namespace, name))
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return fmt.Errorf("install revision %s by Helm: other hands have put there already: %s; finish or remove what they began (istioctl: `istioctl uninstall --revision %s`), or take another name with --to",
		revision, strings.Join(foreign, ", "), revision)
}
