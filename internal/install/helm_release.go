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

// releaseRevisionLabel marks the releases that Rerig installs. A pending one was left by a dead
// process and is resumed; pending releases without it are left alone.
const releaseRevisionLabel = "rerig.dev/revision"

// latestRelease returns the newest version of a release, nil if there is none.
func latestRelease(c *action.Configuration, name string) (*release.Release, error) {
	found, err := c.Releases.Last(name)
	return asRelease(name, found, err, driver.ErrReleaseNotFound)
}

// deployedRelease returns the version of a release that was deployed last, nil if there is none.
func deployedRelease(c *action.Configuration, name string) (*release.Release, error) {
	found, err := c.Releases.Deployed(name)
	return asRelease(name, found, err, driver.ErrNoDeployedReleases)
}

// asRelease converts the answer of Helm's storage. It returns nil if err is none.
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

// checkRelease notes an existing release, and rejects one that another process is working on.
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
		return fmt.Errorf("install revision %s: Helm release %s is %s since %s, and Rerig did not start that. "+
			"Wait until it is done, or remove it with `%s`",
			d.Revision, r.Name, r.Info.Status, r.Info.LastDeployed.UTC().Format(time.RFC3339), i.uninstallCommand(d.Revision))
	}
	d.Notes = append(d.Notes, fmt.Sprintf("Helm release %s exists (%s, chart %s) and is installed again",
		r.Name, r.Info.Status, r.Chart.Metadata.Version))
	return nil
}

// isPending reports whether an operation on the release is unfinished.
func isPending(r *release.Release) bool {
	return r.Info.Status.IsPending() || r.Info.Status == common.StatusUninstalling
}

// uninstallCommand returns the command that removes a revision installed by Helm.
func (i HelmInstaller) uninstallCommand(revision string) string {
	return fmt.Sprintf("helm uninstall %s --namespace %s", ReleaseName(revision), i.Root)
}

// Annotations with which Helm records the owner of an object.
const (
	releaseAnnotation          = "meta.helm.sh/release-name"
	releaseNamespaceAnnotation = "meta.helm.sh/release-namespace"
)

// checkOwnership rejects a manifest with an existing object that is not owned by the revision's
// release, since Helm would fail on it.
func (i HelmInstaller) checkOwnership(ctx context.Context, revision string, manifest []*unstructured.Unstructured) error {
	live, err := getObjects(ctx, i.reader(), manifest)
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
			foreign = append(foreign, objectOf(manifest[n]).String()+" (not owned by Helm)")
		default:
			foreign = append(foreign, fmt.Sprintf("%s (owned by Helm release %s/%s)", objectOf(manifest[n]), namespace, name))
		}
	}
	if len(foreign) == 0 {
		return nil
	}
	return fmt.Errorf("install revision %s by Helm: these objects exist and are not owned by its release: %s. "+
		"Remove them (those of istioctl with `istioctl uninstall --revision %s`), or use another revision name with --to",
		revision, strings.Join(foreign, ", "), revision)
}
