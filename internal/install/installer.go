// SPDX-License-Identifier: Apache-2.0

// Package install brings a control-plane revision up. One small port, Installer,
// has several ways behind it: the user's istioctl with the user's IstioOperator
// file (ByIstioctl), Helm with Istio's chart (ByHelm), or other hands, which are
// waited for (ByOthers). What is decided is decided from the rendered manifest, before anything is touched
// (Draft); who writes (Install) dies with the process that started it. A
// broken-off install is repeated whole.
//
// Facts about istioctl are from Istio 1.29.1 and 1.31.0, where the files named
// in comments are the same.
package install

import (
	"context"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Installer brings a control-plane revision up. There are three: ByIstioctl,
// ByHelm, ByOthers.
type Installer interface {
	// Draft checks everything that can be known before anything is touched, and
	// says what Install would do. version may be "": then it is what the
	// installer has. An error says what is in the way.
	Draft(ctx context.Context, revision, version string) (Draft, error)

	// Install brings the revision up and returns when it is ready. Repeating it
	// repeats the whole: what is there already stays as it is. A *Failure says
	// what did not come to its end, and what to do.
	Install(ctx context.Context, revision, version string) error
}

var (
	_ Installer = IstioctlInstaller{}
	_ Installer = HelmInstaller{}
	_ Installer = ExternalInstaller{}
)

// Method is how a revision is to be brought up, as data: one of its fields Operator,
// Chart and Await says it.
type Method struct {
	IstioOperator IstioOperator // by istioctl, from this file
	Istioctl      string        // path; "" means the one in PATH
	Chart         Chart         // by Helm, from this chart
	Await         bool          // by other hands
}

// Version is the version that would be installed, as far as it is known before
// anything is drafted; "" when it is not.
func (w Method) Version(ctx context.Context) (string, error) {
	switch {
	case w.Chart.IsSet():
		found, err := w.Chart.load(ctx, "")
		if err != nil {
			return "", err
		}
		return chartVersion("", found, ""), nil
	case !w.IstioOperator.IsSet():
		return "", nil
	}
	if version, ok := versionFromTag(w.IstioOperator.Tag()); ok {
		return version, nil
	}
	istioctl, err := FindIstioctl(ctx, w.Istioctl)
	return normalizeVersion(istioctl.Version), err
}

// Environment is where an installer works, and how long it waits there.
type Environment struct {
	Kubeconfig     string            // path; "" leaves it to the environment
	Context        string            // "" means the kubeconfig's own
	Root           string            // the namespace of istiod
	Config         *rest.Config      // how the cluster is reached
	Cluster        dynamic.Interface // reads any kind of object there; nil drafts without looking at a cluster
	RevisionsInUse []string          // the revisions in use there
	Timeout        time.Duration     // how long a control plane may take to be ready; 0 means 5 minutes, istioctl's own default
	Log            func(string)      // hears what is done, line by line; may be nil
}

// Installer is the installer of this way at a site.
func (w Method) Installer(s Environment) Installer {
	switch {
	case w.Await:
		return ExternalInstaller{Cluster: s.Cluster, Root: s.Root, Timeout: s.Timeout, Log: s.Log}
	case w.Chart.IsSet():
		return HelmInstaller{Chart: w.Chart, RevisionsInUse: s.RevisionsInUse, Root: s.Root, Config: s.Config, Cluster: s.Cluster, Timeout: s.Timeout, Log: s.Log}
	}
	return IstioctlInstaller{Operator: w.IstioOperator, Istioctl: w.Istioctl, Kubeconfig: s.Kubeconfig, Context: s.Context, Cluster: s.Cluster, Timeout: s.Timeout, Log: s.Log}
}
