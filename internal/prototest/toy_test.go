package prototest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/list"
	listschema "github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	providerschema "github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// cloud is what the toy provider manages: things with a name. The hooks let a test interfere.
type cloud struct {
	mu     sync.Mutex
	things map[string]*thing
	made   int
	writes int // grows with every write, so that a new value shows up in "revision"

	beforeWrite func(ctx context.Context, what string, t *thing) error
	afterWrite  func(what string, model *thingModel) error // its error comes along with the state
}

type thing struct {
	id, name, kind string
	tags           []string
	size           int64
	revision       int64
}

func newCloud() *cloud { return &cloud{things: map[string]*thing{}} }

func (c *cloud) ids() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.things))
}

func (c *cloud) get(id string) (thing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.things[id]
	if !ok {
		return thing{}, false
	}
	return *found, true
}

func (c *cloud) put(ctx context.Context, what string, t *thing) error {
	if c.beforeWrite != nil {
		if err := c.beforeWrite(ctx, what, t); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.id == "" {
		c.made++
		t.id = fmt.Sprintf("thing-%d", c.made)
	}
	c.writes++
	t.revision = int64(c.writes)
	stored := *t
	c.things[t.id] = &stored
	return nil
}

func (c *cloud) delete(ctx context.Context, id string) error {
	if c.beforeWrite != nil {
		if err := c.beforeWrite(ctx, "delete", &thing{id: id}); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.things, id)
	return nil
}

// toy is the provider. Its zero value is correct; faulty adds mistakes.
type toy struct{ cloud *cloud }

// server is a factory for a correct provider.
func (c *cloud) server() tfprotov6.ProviderServer {
	return providerserver.NewProtocol6(&toy{cloud: c})()
}

func (p *toy) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "toy"
}

func (p *toy) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerschema.Schema{
		Description: "A toy.",
		Attributes: map[string]providerschema.Attribute{
			"key": providerschema.StringAttribute{Required: true, Sensitive: true, Description: "The key."},
		},
	}
}

func (p *toy) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var key types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("key"), &key)...)
	if key.ValueString() == "wrong" {
		resp.Diagnostics.AddAttributeError(path.Root("key"), "Wrong key", "This key opens nothing.")
	}
	if key.IsUnknown() {
		resp.Diagnostics.AddAttributeWarning(path.Root("key"), "Unknown key", "Known after apply.")
	}
	resp.ResourceData, resp.DataSourceData = p.cloud, p.cloud
	resp.EphemeralResourceData, resp.ListResourceData = p.cloud, p.cloud
}

func (p *toy) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &thingResource{} }}
}

func (p *toy) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{func() datasource.DataSource { return &thingDataSource{} }}
}

func (p *toy) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &thingLease{} }}
}

func (p *toy) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{func() list.ListResource { return &thingList{} }}
}

// thingResource manages a thing.
type thingResource struct{ cloud *cloud }

type thingModel struct {
	ID       types.String   `tfsdk:"id"`
	Name     types.String   `tfsdk:"name"`
	Kind     types.String   `tfsdk:"kind"`
	Tags     types.Set      `tfsdk:"tags"`
	Size     types.Int64    `tfsdk:"size"`
	Token    types.String   `tfsdk:"token"`
	Revision types.Int64    `tfsdk:"revision"`
	Timeouts timeouts.Value `tfsdk:"timeouts"`
}

func (r *thingResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "toy_thing"
}

func (r *thingResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keep := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		Version:             1,
		MarkdownDescription: "A *thing*.",
		Attributes: map[string]schema.Attribute{
			"id":   schema.StringAttribute{Computed: true, PlanModifiers: keep},
			"name": schema.StringAttribute{Required: true, Description: "The name."},
			"kind": schema.StringAttribute{
				Optional: true, PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"tags":     schema.SetAttribute{ElementType: types.StringType, Optional: true, Computed: true},
			"size":     schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(1)},
			"token":    schema.StringAttribute{Computed: true, Sensitive: true, PlanModifiers: keep},
			"revision": schema.Int64Attribute{Computed: true},
		},
		Blocks: map[string]schema.Block{
			"timeouts": timeouts.Block(ctx, timeouts.Opts{Create: true, Delete: true}),
		},
	}
}

func (r *thingResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true},
	}}
}

func (r *thingResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.cloud, _ = req.ProviderData.(*cloud)
}

func (r *thingResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var name types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	switch name.ValueString() {
	case "forbidden":
		resp.Diagnostics.AddAttributeError(path.Root("name"), "Forbidden name", "Take another.")
	case "odd":
		resp.Diagnostics.AddAttributeWarning(path.Root("name"), "Odd name", "Is it meant?")
	}
}

// write sends the plan to the cloud and completes the model with the answer.
func (r *thingResource) write(ctx context.Context, what string, m *thingModel) error {
	t := &thing{id: m.ID.ValueString(), name: m.Name.ValueString(), kind: m.Kind.ValueString(), size: m.Size.ValueInt64()}
	if before, ok := r.cloud.get(t.id); ok && m.Tags.IsUnknown() {
		t.tags = before.tags
	} else if !m.Tags.IsUnknown() {
		m.Tags.ElementsAs(ctx, &t.tags, false)
	}
	if err := r.cloud.put(ctx, what, t); err != nil {
		return err
	}
	m.fill(ctx, t)
	if m.Token.IsUnknown() {
		m.Token = types.StringValue("token-of-" + t.id)
	}
	return nil
}

// fill copies the values of the cloud.
func (m *thingModel) fill(ctx context.Context, t *thing) {
	m.ID, m.Name, m.Size = types.StringValue(t.id), types.StringValue(t.name), types.Int64Value(t.size)
	if t.kind != "" || !m.Kind.IsNull() {
		m.Kind = types.StringValue(t.kind)
	}
	m.Tags, _ = types.SetValueFrom(ctx, types.StringType, t.tags)
	m.Revision = types.Int64Value(t.revision)
}

func (r *thingResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m thingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.write(ctx, "create", &m); err != nil {
		resp.Diagnostics.AddError("Unable to create thing", err.Error())
		return
	}
	err := r.cloud.tell("create", &m)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), m.ID)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, "made_by", []byte(`"create"`))...)
	if err != nil {
		resp.Diagnostics.AddError("Unable to finish thing", err.Error())
	}
}

func (c *cloud) tell(what string, m *thingModel) error {
	if c.afterWrite == nil {
		return nil
	}
	return c.afterWrite(what, m)
}

func (r *thingResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m thingModel
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// The framework needs an identity even for a missing object.
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), m.ID)...)
	t, ok := r.cloud.get(m.ID.ValueString())
	if !ok {
		resp.State.RemoveResource(ctx)
		return
	}
	m.fill(ctx, &t)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (r *thingResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m thingModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.write(ctx, "update", &m); err != nil {
		resp.Diagnostics.AddError("Unable to update thing", err.Error())
		return
	}
	err := r.cloud.tell("update", &m)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(resp.Identity.SetAttribute(ctx, path.Root("id"), m.ID)...)
	if err != nil {
		resp.Diagnostics.AddError("Unable to finish thing", err.Error())
	}
}

func (r *thingResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var id types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if err := r.cloud.delete(ctx, id.ValueString()); err != nil {
		resp.Diagnostics.AddError("Unable to delete thing", err.Error())
	}
}

func (r *thingResource) ModifyPlan(_ context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.AddWarning("Thing goes", "It will be gone.")
	}
}

func (r *thingResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughWithIdentity(ctx, path.Root("id"), path.Root("id"), req, resp)
}

// UpgradeState reads version 0, in which the name was called title.
func (r *thingResource) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {
		PriorSchema: &schema.Schema{Attributes: map[string]schema.Attribute{
			"id":    schema.StringAttribute{Computed: true},
			"title": schema.StringAttribute{Required: true},
		}},
		StateUpgrader: func(ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse) {
			var old struct {
				ID    types.String `tfsdk:"id"`
				Title types.String `tfsdk:"title"`
			}
			resp.Diagnostics.Append(req.State.Get(ctx, &old)...)
			resp.State.Raw = tftypes.NewValue(resp.State.Schema.Type().TerraformType(ctx), nil)
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), old.ID)...)
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), old.Title)...)
		},
	}}
}

// MoveState takes over a null_resource, whose id says which thing it stands for.
func (r *thingResource) MoveState(context.Context) []resource.StateMover {
	return []resource.StateMover{{
		SourceSchema: &schema.Schema{Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true},
		}},
		StateMover: func(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
			if req.SourceTypeName != "null_resource" {
				return
			}
			var id types.String
			resp.Diagnostics.Append(req.SourceState.GetAttribute(ctx, path.Root("id"), &id)...)
			resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("id"), id)...)
			resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("name"), "moved")...)
		},
	}}
}

// thingDataSource reads a thing by id.
type thingDataSource struct{ cloud *cloud }

func (d *thingDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "toy_thing"
}

func (d *thingDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dsschema.Schema{
		Attributes: map[string]dsschema.Attribute{
			"id":   dsschema.StringAttribute{Required: true},
			"name": dsschema.StringAttribute{Computed: true},
			"parts": dsschema.ListNestedAttribute{
				Computed: true,
				NestedObject: dsschema.NestedAttributeObject{Attributes: map[string]dsschema.Attribute{
					"name": dsschema.StringAttribute{Computed: true},
				}},
			},
		},
	}
}

func (d *thingDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.cloud, _ = req.ProviderData.(*cloud)
}

func (d *thingDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.State.Raw = req.Config.Raw
	var id types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	t, ok := d.cloud.get(id.ValueString())
	if !ok {
		resp.Diagnostics.AddAttributeError(path.Root("id"), "No such thing", id.ValueString())
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), t.name)...)
}

// thingLease opens a thing for a while.
type thingLease struct{ cloud *cloud }

func (l *thingLease) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "toy_lease"
}

func (l *thingLease) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"of":   ephemeralschema.StringAttribute{Required: true},
		"pass": ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
	}}
}

func (l *thingLease) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	l.cloud, _ = req.ProviderData.(*cloud)
}

func (l *thingLease) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var of types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("of"), &of)...)
	if of.ValueString() == "nothing" {
		resp.Diagnostics.AddAttributeError(path.Root("of"), "Nothing to lease", "")
		return
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("pass"), "pass-for-"+of.ValueString())...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, "of", []byte(`"`+of.ValueString()+`"`))...)
}

func (l *thingLease) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	of, ds := req.Private.GetKey(ctx, "of")
	resp.Diagnostics.Append(ds...)
	resp.Diagnostics.AddWarning("Closed", string(of))
}

// thingList lists all things.
type thingList struct{ cloud *cloud }

func (l *thingList) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "toy_thing"
}

func (l *thingList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = listschema.Schema{Attributes: map[string]listschema.Attribute{
		"prefix": listschema.StringAttribute{Optional: true},
	}}
}

func (l *thingList) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.cloud, _ = req.ProviderData.(*cloud)
}

func (l *thingList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	stream.Results = func(push func(list.ListResult) bool) {
		for _, id := range l.cloud.ids() {
			t, _ := l.cloud.get(id)
			result := req.NewListResult(ctx)
			result.DisplayName = t.name
			result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("id"), id)...)
			if req.IncludeResource {
				result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root("id"), id)...)
				result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root("name"), t.name)...)
			}
			if !push(result) {
				return
			}
		}
	}
}

var errToy = errors.New("the cloud said no")
