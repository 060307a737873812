// SPDX-License-Identifier: Apache-2.0

// Package install installs a control-plane revision. Its port is Installer, with three
// implementations: the user's istioctl with an IstioOperator file (IstioctlInstaller), Helm with
// Istio's chart (HelmInstaller), and waiting for another tool (ExternalInstaller).
//
// Draft decides from the rendered manifest and writes nothing. Install writes, and ends with the
// process that started it. An interrupted install is repeated completely.
//
// Facts about istioctl are from Istio 1.29.1 and 1.31.0, in which the files named in comments do
// not differ.
package install

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/rerig/rerig/internal/mesh"
)

// Installer installs a control-plane revision. Implementations: IstioctlInstaller, HelmInstaller,
// ExternalInstaller.
type Installer interface {
	// Draft checks everything that can be checked beforehand and returns what Install would do.
	// It changes nothing. An empty version means the installer's own.
	Draft(ctx context.Context, revision, version string) (Draft, error)

	// Install installs the revision and returns when it is ready. It may be repeated: objects that
	// are up to date do not change. A *Failure says what did not finish and what to do.
	Install(ctx context.Context, revision, version string) error
}

var (
	_ Installer = IstioctlInstaller{}
	_ Installer = HelmInstaller{}
	_ Installer = ExternalInstaller{}
)

// Method selects an installer, as data: at most one of IstioOperator, Chart and Await is set.
type Method struct {
	IstioOperator IstioOperator // input of istioctl
	Istioctl      string        // path; "" for the one in PATH
	Chart         Chart         // input of Helm
	Await         bool          // another tool installs it
}

// Version returns the version that would be installed, as far as it is known before a draft; "" if
// unknown.
func (w Method) Version(ctx context.Context) (string, error) {
	switch {
	case w.Chart.IsSet():
		found, err := w.Chart.load(ctx, "")
		if err != nil {
			return "", err
		}
		layout, err := layoutOf(found)
		if err != nil {
			return "", err
		}
		return chartVersion("", layout, ""), nil
	case !w.IstioOperator.IsSet():
		return "", nil
	}
	if version, ok := versionFromTag(w.IstioOperator.Tag()); ok {
		return version, nil
	}
	istioctl, err := FindIstioctl(ctx, w.Istioctl)
	return mesh.PlainVersion(istioctl.Version), err
}

// Environment is the cluster in which an installer works, and its limits.
type Environment struct {
	Kubeconfig     string            // path; "" for the default of the environment
	Context        string            // "" for the kubeconfig's current context
	Root           string            // istiod's namespace
	Config         *rest.Config      // access to the cluster
	Cluster        dynamic.Interface // read-only; nil drafts without a cluster
	Mapper         meta.RESTMapper   // maps kinds to resources; nil guesses
	RevisionsInUse []string          // revisions in use
	Rendered       string            // digest of the manifest that was approved; "" installs any
	Timeout        time.Duration     // for a control plane to be ready; 0 means 5m, istioctl's default
	Log            func(string)      // receives progress, line by line; may be nil
}

// Installer returns the installer that the method selects.
func (w Method) Installer(s Environment) Installer {
	switch {
	case w.Await:
		return ExternalInstaller{Cluster: s.Cluster, Root: s.Root, Timeout: s.Timeout, Log: s.Log}
	case w.Chart.IsSet():
		return HelmInstaller{
			Chart: w.Chart, RevisionsInUse: s.RevisionsInUse, Root: s.Root, Config: s.Config, Cluster: s.Cluster, Mapper: s.Mapper,
			Rendered: s.Rendered, Timeout: s.Timeout, Log: s.Log,
		}
	}
	return w.istioctl(s)
}

// DraftGateway renders the template of a gateway as IstioctlInstaller.DraftGateway does.
func (w Method) DraftGateway(ctx context.Context, s Environment, wl mesh.Workload, revision, version string) (GatewayDraft, error) {
	return w.istioctl(s).DraftGateway(ctx, wl, revision, version)
}

func (w Method) istioctl(s Environment) IstioctlInstaller {
	return IstioctlInstaller{
		Operator: w.IstioOperator, Istioctl: w.Istioctl, Kubeconfig: s.Kubeconfig, Context: s.Context, Cluster: s.Cluster, Mapper: s.Mapper,
		Rendered: s.Rendered, Timeout: s.Timeout, Log: s.Log,
	}
}
