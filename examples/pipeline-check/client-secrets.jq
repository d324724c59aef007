# Fails if a plan rotates or takes away a client secret, or destroys or replaces an application.
#
#   terraform plan -out=plan.bin
#   terraform show -json plan.bin | jq -n -r -f client-secrets.jq
#
# Works with the JSON of OpenTofu too, and with jq 1.6 and later. It also fails if the input is not a plan, or is the plan of a
# run that failed: such a plan lacks what the run did not reach.
[inputs]
| if length == 1 then .[0] else error("there is no plan to read") end
| if has("planned_values") then . else error("this is not the JSON of a plan") end
| if .errored == true then error("the plan failed, so it does not show every change") else . end
| [
    .resource_changes[]?
    | select(.mode == "managed" and .type == "clerk_oauth_application" and .change.before != null)
    | .address as $address
    | .change
    | select(.actions != ["forget"]) # removed from the state only; the application stays as it is
    | if (.actions | index("delete")) or (.actions | index("forget")) then
        "\($address): the application is destroyed or replaced, and with it its client_id and client secret"
      elif .before.public == true then
        empty # there is no client secret that could be lost
      elif .after.public != false then
        "\($address): the application becomes a public client and loses its client secret"
      elif .after_unknown.client_secret_version == true or .after.client_secret_version != .before.client_secret_version then
        "\($address): the client secret is rotated"
      else
        empty
      end
  ]
| if . == [] then "no client secret is rotated or lost" else join("\n") + "\n" | halt_error(1) end
