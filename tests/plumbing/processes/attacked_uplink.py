import attacked

attacked.main("agent.committing.uplink")
